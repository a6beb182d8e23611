import { type Facts, netbiosName, saysNo, smbPorts } from './facts.ts';

/** Changes that an owner may be about to make, on servers and clients alike. */
export const WHAT_IF_CHANGES = ['smb1-off', 'signing-required', 'no-netbios', 'encryption-required'] as const;
export type WhatIfChange = (typeof WHAT_IF_CHANGES)[number];

/** What a change does on either side, and what asking servers cannot tell of it. One sentence or two each. */
export interface WhatIf {
  readonly change: WhatIfChange;
  readonly title: string;
  readonly onServers: string;
  readonly onClients: string;
  readonly notSeen: string;
}

export const WHAT_IFS: readonly WhatIf[] = [
  {
    change: 'smb1-off',
    title: 'SMB 1 is switched off',
    onServers: 'The server no longer accepts SMB 1.',
    onClients: 'The client no longer offers SMB 1. Either side alone has the effect below.',
    notSeen:
      'Old clients: those that speak SMB 1 and nothing newer, often scanners and media players, lose every server on which it is switched off.',
  },
  {
    change: 'signing-required',
    title: 'SMB signing is required',
    onServers: 'The server refuses sessions that are not signed. Every server that can sign can require it.',
    onClients: 'The client refuses servers that cannot sign. The hosts below are judged for such a client.',
    notSeen:
      'Guest access: guest sessions cannot be signed, so shares that are used without a password stop working, whatever the server speaks. Nor old clients: those that speak SMB 1 without signing lose every server that requires it.',
  },
  {
    change: 'no-netbios',
    title: 'NetBIOS over TCP/IP is switched off',
    onServers: 'The server no longer listens on UDP 137, UDP 138 and TCP 139.',
    onClients:
      'The client connects to TCP 445 alone and looks up no NetBIOS names. Either side alone has the effect below.',
    notSeen:
      'Other ways to the same name: whether DNS, mDNS or LLMNR resolves it is not asked. Nor old clients that know no TCP 445.',
  },
  {
    change: 'encryption-required',
    title: 'SMB encryption is required',
    onServers:
      'The server refuses clients that cannot encrypt. A server that cannot encrypt cannot require it.',
    onClients:
      'The client refuses servers that cannot encrypt. The hosts below are judged for such a client.',
    notSeen:
      'Old clients: those below SMB 3.0 or without a cipher of the server lose every server that requires encryption.',
  },
];

/** What a change means for those who use a host as a server; `why` may quote a stranger's text as observed. */
export type Consequence =
  | { readonly kind: 'breaks'; readonly why: string }
  /** The host goes on serving clients that are up to date, or serves no SMB that the change could take away. */
  | { readonly kind: 'works' }
  | { readonly kind: 'unknown'; readonly why: string };

/** Would the host that these facts are of stop working for clients? What was never answered is unknown, never "works". */
export function whatIf(change: WhatIfChange, facts: Facts): Consequence {
  if (change === 'no-netbios') return withoutNetbios(facts);
  const server = smbServer(facts);
  if (server !== 'smb1' && server !== 'smb2') return server;
  switch (change) {
    case 'smb1-off':
      return server === 'smb2' ? WORKS : breaks(`It ${onlySmb1(facts)}: without SMB 1 no client reaches it`);
    case 'signing-required':
      return server === 'smb2' ? WORKS : signedOverSmb1(facts);
    case 'encryption-required':
      return server === 'smb2'
        ? encrypted(facts)
        : breaks(`It ${onlySmb1(facts)}; SMB 1 knows no encryption`);
    default:
      return change satisfies never;
  }
}

const WORKS: Consequence = { kind: 'works' };
const breaks = (why: string): Consequence => ({ kind: 'breaks', why });
const unknown = (why: string): Consequence => ({ kind: 'unknown', why });

function onlySmb1(facts: Facts): string {
  return facts['smb.smb2'] === 'no'
    ? 'speaks SMB 1 and nothing newer'
    : 'accepts SMB 1 and has never answered in SMB 2 or 3';
}

/** The best generation that the host serves, or the consequence where it serves none, or none that is known. */
function smbServer(facts: Facts): 'smb1' | 'smb2' | Consequence {
  if (saysNo(facts['tcp/445']) && saysNo(facts['tcp/139'])) return WORKS;
  if (facts['smb.smb2'] === 'yes') return 'smb2';
  if (facts['smb.smb1'] === 'yes') return 'smb1';
  return (
    listensItself(facts) ?? unknown(`It has not answered in SMB of any generation (${portStates(facts)})`)
  );
}

function portStates(facts: Facts): string {
  return ([445, 139] as const).map((port) => `TCP ${port} ${facts[`tcp/${port}`] ?? 'not asked'}`).join(', ');
}

/** This very machine is looked at from the inside and not asked; undefined for every other host. */
function listensItself(facts: Facts): Consequence | undefined {
  const listening = facts['agent.listening'];
  if (listening === undefined) return undefined;
  const smb = listening.filter((socket) => /^tcp\/(?:139|445)\b/.test(socket));
  return smb.length === 0
    ? WORKS
    : unknown(`smbwarden runs on it and does not probe itself; it listens on ${smb.join(', ')}`);
}

/** SMB 2 and 3 oblige every server to be able to sign ([MS-SMB2] 3.3.5.4); SMB 1 does not. */
function signedOverSmb1(facts: Facts): Consequence {
  const policy = facts['smb.signing.smb1'] ?? null;
  if (policy === null) return unknown(`It ${onlySmb1(facts)}; whether it can sign is not known`);
  return policy === 'disabled' ? breaks(`It ${onlySmb1(facts)}; signing over SMB 1 is disabled`) : WORKS;
}

function encrypted(facts: Facts): Consequence {
  if (facts['smb.encryption.required'] === 'yes') return WORKS;
  const best = facts['smb.dialect'];
  if (best === undefined) return unknown('Its best dialect is not known');
  if (best === '2.0.2' || best === '2.1')
    return breaks(`Its best dialect is ${best}; encryption begins with 3.0`);
  const supported = facts['smb.encryption.supported'];
  if (supported === undefined) return unknown(`It speaks SMB ${best}; whether it can encrypt is not known`);
  return supported === 'yes'
    ? WORKS
    : breaks(`It speaks SMB ${best}, but selected no encryption when offered`);
}

function withoutNetbios(facts: Facts): Consequence {
  const ports = smbPorts(facts);
  if (!ports.includes(445) && !saysNo(facts['tcp/139'])) return withoutPort139(facts);
  const name = netbiosName(facts);
  if (name === null || hasDnsName(facts)) return WORKS;
  const serves = ports.includes(445) ? 'SMB on TCP 445 goes on' : 'It serves no SMB on TCP 139';
  return unknown(
    `${serves}, but its only known name, ${name}, is told by NetBIOS: clients that look it up that way no longer find it, and need DNS, mDNS or its address`,
  );
}

/** A host that may speak SMB on TCP 139 and is not known to speak it on TCP 445. */
function withoutPort139(facts: Facts): Consequence {
  const server = smbServer(facts);
  if (server !== 'smb1' && server !== 'smb2') return server;
  if (!smbPorts(facts).includes(139))
    return unknown(`It has spoken SMB before, but on neither port when asked last (${portStates(facts)})`);
  return saysNo(facts['tcp/445'])
    ? breaks(`It speaks SMB on TCP 139 alone: TCP 445 is ${facts['tcp/445']}`)
    : unknown('It speaks SMB on TCP 139; on TCP 445 it has not answered in SMB');
}

/** A name with a domain; without one it is the NetBIOS name once more. */
function hasDnsName(facts: Facts): boolean {
  return /[^.]\.[^.]/.test(facts['smb.identity']?.dnsComputer ?? '');
}

/** The texts on a change. */
export function whatIfOf(change: WhatIfChange): WhatIf {
  const found = WHAT_IFS.find((each) => each.change === change);
  if (found === undefined) throw new Error(`change ${change} is not in the list of changes`);
  return found;
}
