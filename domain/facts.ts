import { compareTexts } from './order.ts';

/** Every fact that is asked of a host has one of three answers. Silence is `unknown`, never `no`. */
export type Answer = 'yes' | 'no' | 'unknown';

/**
 * State of a port. `filtered`: attempts and repeats stayed unanswered. `rejected`: an ICMP refusal by a firewall.
 * `unknown`: nothing can be said (UDP silence, trouble on our own side).
 */
export type ServiceState = 'open' | 'closed' | 'filtered' | 'rejected' | 'unknown';

/** `tcp6/445` is TCP 445 over IPv6, as the kernel's own tables are called; the others are over IPv4. */
export type ServiceKey = `${'tcp' | 'udp' | 'tcp6'}/${number}`;

/** One entry of a node status reply. Text is a stranger's: as observed, padding removed. RFC 1002 §4.2.18. */
export interface NetbiosName {
  readonly name: string;
  /** 16th byte of the name: 0x00 workstation, 0x20 file server … */
  readonly suffix: number;
  readonly group: boolean;
}

/** How a conversation on an open SMB port ended. SMB is claimed only after a valid reply (`smb`). */
export type Conversation = 'smb' | 'silent' | 'hung-up' | 'malformed' | 'declined';

export type SigningPolicy = 'disabled' | 'enabled' | 'required';

/** Dialects by the names of [MS-SMB2] and [MS-CIFS], oldest first. */
export const DIALECTS = ['NT LM 0.12', '2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** Names and version from an NTLM challenge, [MS-NLMP] 2.2.1.2. Text is a stranger's, as observed; null: not told. */
export interface SmbIdentity {
  readonly computer: string | null;
  readonly domain: string | null;
  readonly dnsComputer: string | null;
  readonly dnsDomain: string | null;
  /** `10.0.26100`; null where the server sends no version. Samba says `6.1.0`. */
  readonly version: string | null;
}

/** One share, as a session without a password sees it. Name and comment are a stranger's text. */
export interface Share {
  readonly name: string;
  readonly type: 'disk' | 'print' | 'device' | 'ipc';
  readonly comment: string;
  /** Could the root of a disk share be opened for reading. */
  readonly readable: Answer;
  /** Do the share's own settings permit writing; never tried. */
  readonly writable: Answer;
}

/** What is known of a host, by fact name. Each is kept as an interval; a fact that is not there is unknown. */
interface NamedFacts {
  /** Addresses at which the host was met, ascending. */
  readonly addresses: readonly string[];
  /** Names by node status, in wire order; null: the host was asked and has no name service. */
  readonly 'netbios.names': readonly NetbiosName[] | null;
  /** Adapter MAC from node status, lower case with colons; null where the host does not tell (Samba). */
  readonly 'netbios.unitId': string | null;
  /** Called name that a session request was accepted or refused for, as the last one tried. */
  readonly 'netbios.session': 'accepted' | 'refused' | 'retargeted';
  readonly 'netbios.calledName': string;
  /** How an SMB 2/3 negotiate on an open port 445 or 139 ended. */
  readonly 'smb.conversation.445': Conversation;
  readonly 'smb.conversation.139': Conversation;
  readonly 'smb.smb1': 'yes' | 'no';
  /** Port on which SMB 1 was selected. */
  readonly 'smb.smb1.port': 445 | 139;
  /** Does the server speak SMB 2 or 3. */
  readonly 'smb.smb2': 'yes' | 'no';
  /** Best dialect of SMB 2/3: what all five offered were answered with. */
  readonly 'smb.dialect': Dialect;
  /** Every dialect of SMB 2 and 3 that is spoken, oldest first; missing until it was asked for (L3). */
  readonly 'smb.dialects': readonly Dialect[];
  /** Signing over SMB 1 and over SMB 2/3, which knows no "disabled"; null: that generation is not spoken. */
  readonly 'smb.signing.smb1': SigningPolicy | null;
  readonly 'smb.signing.smb2': SigningPolicy | null;
  readonly 'smb.encryption.supported': 'yes' | 'no';
  /** Does the server refuse sessions that are not encrypted. `no` needs an accepted session; after a refused one it is unknown. */
  readonly 'smb.encryption.required': Answer;
  /** Every cipher that 3.1.1 is spoken with, in the server's order of preference, by the names of [MS-SMB2] 2.2.3.1.2. */
  readonly 'smb.encryption.ciphers': readonly string[];
  /** What the NTLM challenge tells before any credential; null: the server sends none. */
  readonly 'smb.identity': SmbIdentity | null;
  /** Compression algorithms negotiated at 3.1.1. */
  readonly 'smb.compression': readonly string[];
  /** Upper case with dashes as in [MS-DTYP] 2.3.4.3; null: all zero, or another one on every connection. */
  readonly 'smb.serverGuid': string | null;
  /** Does the server keep its GUID from one connection to the next; asked with the identity. */
  readonly 'smb.serverGuid.lasting': 'yes' | 'no';
  /** ISO 8601 to the second; null: the server does not tell. */
  readonly 'smb.bootTime': string | null;
  /** Is a session without any name or password accepted. */
  readonly 'smb.anonymous.session': 'yes' | 'no';
  /** What such a session is told of the shares; null: the list is refused. */
  readonly 'smb.anonymous.shares': readonly Share[] | null;
  /** Is a user who cannot exist let in without a password; missing: the guest test, which is opt-in, never ran. */
  readonly 'smb.guest.session': 'yes' | 'no';
  /** What such a user is told of the shares; null: no session, or the list is refused. */
  readonly 'smb.guest.shares': readonly Share[] | null;
  /** DNS-SD service types the host announced by mDNS, of those that tell what it is; ascending, and only ever longer. */
  readonly 'mdns.services': readonly string[];
  /** Does the server answer as one without the update of MS17-010; missing: the check, which is opt-in, never ran. */
  readonly 'smb.ms17010': 'yes' | 'no';
  /** A bind to the endpoint mapper was acknowledged. */
  readonly 'rpc.bindAcknowledged': 'yes' | 'no';
  /** IPv6 addresses at which the host answered, link-local ones with their zone (`fe80::1%eth0`) first; at most 4. */
  readonly 'ipv6.addresses': readonly string[];
  /** How an SMB 2/3 negotiate over IPv6 ended, and what was selected then: of several addresses the weakest. */
  readonly 'ipv6.smb.conversation': Conversation;
  readonly 'ipv6.smb.dialect': Dialect;
  readonly 'ipv6.smb.signing': SigningPolicy;
  /** Ports 135–139 and 445 on which this very machine listens beyond loopback; only on the agent's own host. */
  readonly 'agent.listening': readonly string[];
}

export type FactName = keyof NamedFacts | ServiceKey;

export type Facts = { readonly [Name in keyof NamedFacts]?: NamedFacts[Name] } & {
  readonly [service: ServiceKey]: ServiceState;
};

export type FactValue = Facts[FactName];

const SERVICE_KEY = /^(tcp|udp|tcp6)\/(\d+)$/;

/** True for the names of facts that are the state of a service: `tcp/445`, and over IPv6 `tcp6/445`. */
export function isServiceKey(name: FactName): name is ServiceKey {
  return SERVICE_KEY.test(name);
}

/** Which family a service is reached over, by what its key begins with: `tcp6` or `tcp6/445`. */
export function familyOf(key: string): 'ipv4' | 'ipv6' {
  return key.startsWith('tcp6') ? 'ipv6' : 'ipv4';
}

/** A port of a host, and its state. */
export interface Service {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  readonly state: ServiceState;
}

/** The services over IPv4 among the facts, TCP before UDP, by port. */
export function servicesOf(facts: Facts): Service[] {
  return servicesBy(facts, ['tcp', 'udp']);
}

/** The same over IPv6, where only TCP is asked. */
export function servicesOverIpv6(facts: Facts): Service[] {
  return servicesBy(facts, ['tcp6']);
}

function servicesBy(facts: Facts, prefixes: readonly string[]): Service[] {
  return factNames(facts)
    .flatMap((name) => {
      const [, prefix = '', port] = SERVICE_KEY.exec(name) ?? [];
      if (!prefixes.includes(prefix)) return [];
      const transport: 'tcp' | 'udp' = prefix === 'udp' ? 'udp' : 'tcp';
      return [{ transport, port: Number(port), state: facts[name as ServiceKey] ?? 'unknown' }];
    })
    .sort((a, b) => compareTexts(a.transport, b.transport) || a.port - b.port);
}

/** Names of the facts that are there, in their own order. */
export function factNames(facts: Facts): FactName[] {
  return Object.keys(facts) as FactName[];
}

/** The later facts laid over the earlier ones: what was not seen again keeps its last value. */
export function mergeFacts(known: Facts, seen: Facts): Facts {
  return { ...known, ...seen };
}

/** True when both values say the same; lists are compared in order. */
export function sameFact(a: FactValue | undefined, b: FactValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The computer name by node status: the unique <20> (file server) name, else the unique <00> one. Never blank. */
export function netbiosName(facts: Facts): string | null {
  const unique = (facts['netbios.names'] ?? []).filter((entry) => !entry.group && entry.name.trim() !== '');
  return (unique.find((e) => e.suffix === 0x20) ?? unique.find((e) => e.suffix === 0x00))?.name ?? null;
}

/** Workgroup or domain by node status: the group <00> name. */
export function workgroup(facts: Facts): string | null {
  return (facts['netbios.names'] ?? []).find((entry) => entry.group && entry.suffix === 0x00)?.name ?? null;
}

/** True for states in which the host or a firewall said that the port is not to be had; silence says nothing. */
export function saysNo(state: ServiceState | undefined): boolean {
  return state === 'closed' || state === 'rejected';
}

/** Ports on which a valid SMB reply was last seen and that have not been closed since, ascending. */
export function smbPorts(facts: Facts): (139 | 445)[] {
  return ([139, 445] as const).filter((port) => {
    const answered =
      facts[`smb.conversation.${port}`] === 'smb' ||
      (facts['smb.smb1'] === 'yes' && facts['smb.smb1.port'] === port);
    return answered && !saysNo(facts[`tcp/${port}`]);
  });
}

/**
 * Dialects that are proven to be spoken, oldest first: all of them once `smb.dialects` is known, else SMB 1 and the best
 * one. Every sweep sees the best one, so that it corrects an older list.
 */
export function provenDialects(facts: Facts): Dialect[] {
  const best = facts['smb.smb2'] === 'yes' ? facts['smb.dialect'] : undefined;
  const top = best === undefined ? -1 : DIALECTS.indexOf(best);
  const listed = (facts['smb.dialects'] ?? []).filter((dialect) => DIALECTS.indexOf(dialect) < top);
  return DIALECTS.filter((dialect) =>
    dialect === 'NT LM 0.12' ? facts['smb.smb1'] === 'yes' : dialect === best || listed.includes(dialect),
  );
}

/** Ciphers in the server's order of preference; null until they were asked for, or where 3.1.1 is spoken no longer. */
export function knownCiphers(facts: Facts): readonly string[] | null {
  const current = facts['smb.dialect'] === '3.1.1' && facts['smb.encryption.supported'] === 'yes';
  return current ? (facts['smb.encryption.ciphers'] ?? null) : null;
}

/** The name that the host tells of itself: by node status, else the computer name of its NTLM challenge. Never blank. */
export function toldName(facts: Facts): string | null {
  const computer = facts['smb.identity']?.computer ?? '';
  return netbiosName(facts) ?? (computer.trim() === '' ? null : computer);
}
