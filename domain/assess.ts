import { isSupported, windowsVersion } from './end-of-life.ts';
import { type Expectation, judgeExpectation } from './expectation.ts';
import { type Facts, type SigningPolicy, saysNo, servicesOf } from './facts.ts';
import type { RuleId, Severity } from './finding.ts';
import { judgeReachableOverIpv6, judgeWeakerOverIpv6 } from './judge-ipv6.ts';
import { judgeNullSession, judgeReadableShare, judgeWritableShare } from './judge-shares.ts';
import { SAMBA_VERSION } from './os.ts';

/**
 * A rule's answer. `no` needs an observation that contradicts the finding; silence is `unknown`, which neither opens
 * nor resolves anything. `unambiguous`: the protocol itself said so in a way that needs no second look before an alert.
 */
export type Verdict =
  | { readonly answer: 'yes'; readonly evidence: readonly string[]; readonly unambiguous: boolean }
  | { readonly answer: 'no'; readonly evidence: readonly string[] }
  | { readonly answer: 'unknown' };

/** What the owner declared of a host, and everything that is known of it, the sweep in question included. */
export interface Standing {
  readonly known: Facts;
  readonly expected: Expectation;
}

/**
 * A pure function from the facts that one sweep saw, and the time of that sweep (`now`, milliseconds UTC), to a verdict.
 * Only what was seen in that sweep is in `facts`. A rule that judges by `standing` says `unknown` without it.
 */
export interface Rule {
  readonly id: RuleId;
  readonly severity: Severity;
  readonly title: string;
  readonly judge: (facts: Facts, now: number, standing?: Standing) => Verdict;
}

/** All rules, in the order in which findings of one host are shown when their severity is the same. */
export const RULES: readonly Rule[] = [
  {
    id: 'ms17-010-unpatched',
    severity: 'critical',
    title: 'Answers as a server without the update of MS17-010',
    judge: judgePatchState,
  },
  { id: 'smb1-only', severity: 'critical', title: 'Speaks SMB 1 and nothing newer', judge: judgeSmb1Only },
  {
    id: 'smb-guest-writable-share',
    severity: 'critical',
    title: 'A share may be written to without a password',
    judge: judgeWritableShare,
  },
  { id: 'smb1-enabled', severity: 'high', title: 'SMB 1 is accepted', judge: judgeSmb1Enabled },
  {
    id: 'expectation-violated',
    severity: 'high',
    title: 'Differs from what is declared of it',
    judge: judgeDeclared,
  },
  {
    id: 'smb-guest-readable-share',
    severity: 'high',
    title: 'A share can be read without a password',
    judge: judgeReadableShare,
  },
  {
    id: 'smbghost-indicator',
    severity: 'high',
    title: 'SMBGhost build family, patch state unknown',
    judge: judgeSmbGhost,
  },
  {
    id: 'os-end-of-life',
    severity: 'high',
    title: 'Windows release is out of support',
    judge: judgeEndOfLife,
  },
  {
    id: 'smb-signing-not-required',
    severity: 'medium',
    title: 'SMB signing is not required',
    judge: judgeSigning,
  },
  {
    id: 'smb-null-session',
    severity: 'medium',
    title: 'Shares are listed without a password',
    judge: judgeNullSession,
  },
  {
    id: 'reachable-over-ipv6-only',
    severity: 'medium',
    title: 'Reachable over IPv6, though not over IPv4',
    judge: judgeReachableOverIpv6,
  },
  {
    id: 'smb-weaker-over-ipv6',
    severity: 'medium',
    title: 'SMB is weaker over IPv6 than over IPv4',
    judge: judgeWeakerOverIpv6,
  },
  {
    id: 'netbios-session-exposed',
    severity: 'medium',
    title: 'NetBIOS session service answers on TCP 139',
    judge: judgeNetbiosSession,
  },
  {
    id: 'agent-host-exposed',
    severity: 'medium',
    title: 'This machine itself listens for NetBIOS or SMB',
    judge: judgeAgentHost,
  },
  {
    id: 'smb-encryption-unsupported',
    severity: 'low',
    title: 'SMB encryption is not supported',
    judge: judgeEncryption,
  },
  {
    id: 'netbios-name-service-exposed',
    severity: 'low',
    title: 'NetBIOS name service answers on UDP 137',
    judge: judgeNameService,
  },
  {
    id: 'rpc-endpoint-mapper-exposed',
    severity: 'low',
    title: 'RPC endpoint mapper is reachable on TCP 135',
    judge: judgeEndpointMapper,
  },
];

/** Every rule's verdict on the facts that one sweep saw of one host at `now`, milliseconds UTC. */
export function assess(seen: Facts, now: number, standing?: Standing): ReadonlyMap<RuleId, Verdict> {
  return new Map(RULES.map((rule) => [rule.id, rule.judge(seen, now, standing)]));
}

/** The rule of that id. */
export function ruleOf(id: RuleId): Rule {
  const rule = RULES.find((each) => each.id === id);
  if (rule === undefined) throw new Error(`rule ${id} is not in the list of rules`);
  return rule;
}

const UNKNOWN: Verdict = { answer: 'unknown' };
const no = (...evidence: string[]): Verdict => ({ answer: 'no', evidence });

function judgeDeclared(_seen: Facts, now: number, standing?: Standing): Verdict {
  if (standing === undefined) return UNKNOWN;
  const { expected, known } = standing;
  return judgeExpectation(expected, known, (rule, facts) => ruleOf(rule).judge(facts, now));
}

function judgeNetbiosSession(facts: Facts): Verdict {
  const session = facts['netbios.session'];
  if (session !== undefined) {
    const called = facts['netbios.calledName'] ?? '*SMBSERVER';
    const evidence = [`TCP 139: session request for "${called}" ${session} (any answer proves the service)`];
    return { answer: 'yes', evidence, unambiguous: false };
  }
  return notReachable(facts, 139);
}

function judgeNameService(facts: Facts): Verdict {
  const names = facts['netbios.names'];
  if (names === undefined) return UNKNOWN;
  if (names === null) return no('UDP 137: the host refuses datagrams on this port');
  const evidence = [
    `UDP 137: node status answered with ${names.length} ${names.length === 1 ? 'name' : 'names'}`,
  ];
  return { answer: 'yes', evidence, unambiguous: false };
}

function judgeSmb1Enabled(facts: Facts): Verdict {
  if (facts['smb.smb1'] === 'yes') {
    const evidence = ['A negotiate that offered only "NT LM 0.12" was answered by selecting it'];
    return { answer: 'yes', evidence, unambiguous: true };
  }
  if (facts['smb.smb1'] === 'no') {
    return no('"NT LM 0.12" was refused, while SMB 2/3 answered within the same minute');
  }
  return noSmbPort(facts);
}

function judgeSmb1Only(facts: Facts): Verdict {
  if (facts['smb.smb2'] === 'yes')
    return no(`SMB 2/3 is spoken: ${facts['smb.dialect'] ?? 'dialect unknown'}`);
  if (facts['smb.smb1'] === 'yes' && facts['smb.smb2'] === 'no') {
    const evidence = [
      '"NT LM 0.12" was selected, while all dialects of SMB 2 and 3 were refused in the same minute',
    ];
    return { answer: 'yes', evidence, unambiguous: true };
  }
  if (facts['smb.smb1'] === 'no') return no('"NT LM 0.12" was refused');
  return noSmbPort(facts);
}

/** A second look would be a second logon of the same day: the server's own word stands, as with the shares. */
function judgePatchState(facts: Facts): Verdict {
  const question = 'SMB 1: a look into a pipe that nobody has opened was refused';
  if (facts['smb.ms17010'] === 'yes') {
    const evidence = [
      `${question} with STATUS_INSUFF_SERVER_RESOURCES, as by Windows without the update of MS17-010`,
    ];
    return { answer: 'yes', evidence, unambiguous: true };
  }
  if (facts['smb.ms17010'] === 'no')
    return no(`${question} as by servers that have the update, or need none`);
  if (facts['smb.smb1'] === 'no') return no('SMB 1, through which alone the hole is reached, was refused');
  return noSmbPort(facts);
}

function judgeSigning(facts: Facts): Verdict {
  const smb1 = facts['smb.signing.smb1'];
  const smb2 = facts['smb.signing.smb2'];
  const weak = [
    ...(isWeak(smb2) ? [`SMB 2/3: signing ${smb2}, not required`] : []),
    ...(isWeak(smb1) ? [`SMB 1: signing ${smb1}, not required`] : []),
  ];
  if (weak.length > 0) return { answer: 'yes', evidence: weak, unambiguous: false };
  if (smb2 === 'required' && facts['smb.smb1'] === 'no')
    return no('SMB 2/3: signing required; SMB 1 refused');
  if (smb2 === 'required' && smb1 === 'required') return no('Signing required over SMB 1 and SMB 2/3');
  if (facts['smb.smb2'] === 'no' && smb1 === 'required')
    return no('SMB 1: signing required; SMB 2/3 refused');
  return noSmbPort(facts);
}

function isWeak(policy: SigningPolicy | null | undefined): boolean {
  return policy === 'enabled' || policy === 'disabled';
}

/** Encryption begins with 3.0; above that, a server without a common cipher or without the capability has none. */
function judgeEncryption(facts: Facts): Verdict {
  if (facts['smb.smb2'] === 'no' && facts['smb.smb1'] === 'yes') {
    const evidence = ['SMB 1, which knows no encryption, was selected, while SMB 2 and 3 were refused'];
    return { answer: 'yes', evidence, unambiguous: true };
  }
  const best = facts['smb.dialect'];
  if (facts['smb.smb2'] !== 'yes' || best === undefined) return noSmbPort(facts);
  if (best === '2.0.2' || best === '2.1') {
    const evidence = [`The best dialect is ${best}; encryption begins with 3.0`];
    return { answer: 'yes', evidence, unambiguous: false };
  }
  const supported = facts['smb.encryption.supported'];
  if (supported === 'yes') return no(`SMB ${best} with encryption was selected`);
  if (supported === undefined) return UNKNOWN;
  const evidence = [`SMB ${best} was selected without encryption, though it was offered`];
  return { answer: 'yes', evidence, unambiguous: false };
}

/** Builds that CVE-2020-0796 concerns, and the compression algorithms that it needs. */
const SMBGHOST_VERSIONS = ['10.0.18362', '10.0.18363'];
const SMBGHOST_ALGORITHMS = ['LZNT1', 'LZ77', 'LZ77_HUFFMAN'];

/** Later builds offer compression too, and KB4551762 changes nothing that can be seen: both signs together, or nothing. */
function judgeSmbGhost(facts: Facts): Verdict {
  const version = facts['smb.identity']?.version ?? null;
  if (version !== null && !SMBGHOST_VERSIONS.includes(version))
    return no(`NTLM version ${version}: not an affected build`);
  if (facts['smb.smb2'] === 'no') return no('SMB 3.1.1 is not spoken');
  const offered = facts['smb.compression'];
  if (offered === undefined) return noSmbPort(facts);
  const algorithms = offered.filter((name) => SMBGHOST_ALGORITHMS.includes(name));
  if (algorithms.length === 0) return no('SMB 3.1.1 compression is not offered, or not with LZNT1 or LZ77');
  if (version === null) return UNKNOWN;
  const evidence = [
    `SMB 3.1.1 compression is offered with ${algorithms.join(', ')}`,
    `NTLM version ${version}: build family affected, patch state unknown`,
  ];
  return { answer: 'yes', evidence, unambiguous: true };
}

/**
 * `yes` only if every release that the version can mean is out of support. `no` where one of them still gets updates:
 * that contradicts what was found, and is not a word of praise.
 */
function judgeEndOfLife(facts: Facts, now: number): Verdict {
  const version = facts['smb.identity']?.version ?? null;
  if (version === null) return UNKNOWN;
  if (version === SAMBA_VERSION) return no(`NTLM version ${version} is what Samba says: not Windows`);
  const windows = windowsVersion(version);
  if (windows === null) return UNKNOWN;
  const supported = windows.releases.filter((release) => isSupported(release, now));
  const sentences = (supported.length > 0 ? supported : windows.releases).map(
    ({ name, supportedUntil }) => `NTLM version ${version} can be ${name}: updates until ${supportedUntil}`,
  );
  return supported.length > 0 ? no(...sentences) : { answer: 'yes', evidence: sentences, unambiguous: true };
}

function judgeEndpointMapper(facts: Facts): Verdict {
  if (facts['tcp/135'] !== 'open') return notReachable(facts, 135);
  const bound = facts['rpc.bindAcknowledged'] === 'yes';
  const evidence = bound
    ? ['TCP 135: a bind to the endpoint mapper was acknowledged']
    : ['TCP 135: the port is open; no bind was acknowledged, so what listens there is not proven'];
  return { answer: 'yes', evidence, unambiguous: false };
}

function judgeAgentHost(facts: Facts): Verdict {
  const listening = facts['agent.listening'];
  if (listening === undefined) return UNKNOWN;
  if (listening.length === 0) return no('Nothing listens on ports 135 to 139 or 445 beyond loopback');
  const evidence = listening.map((socket) => `This machine listens on ${socket}`);
  return { answer: 'yes', evidence, unambiguous: false };
}

/** `no` when the host or a firewall said that the port is not to be had; silence (`filtered`) is unknown. */
function notReachable(facts: Facts, port: 135 | 139): Verdict {
  return saysNo(facts[`tcp/${port}`]) ? no(`TCP ${port}: ${facts[`tcp/${port}`]}`) : UNKNOWN;
}

function noSmbPort(facts: Facts): Verdict {
  const ports = servicesOf(facts).filter((s) => s.transport === 'tcp' && (s.port === 445 || s.port === 139));
  const gone = ports.length === 2 && ports.every((service) => saysNo(service.state));
  return gone ? no(...ports.map((service) => `TCP ${service.port}: ${service.state}`)) : UNKNOWN;
}
