import type { Verdict } from './assess.ts';
import {
  DIALECTS,
  type Dialect,
  type Facts,
  provenDialects,
  type Service,
  saysNo,
  servicesOf,
  servicesOverIpv6,
  smbPorts,
} from './facts.ts';
import type { RuleId } from './finding.ts';

/** What the owner declared that a host should be. null: nothing is declared of this. */
export interface Expectation {
  /** The oldest dialect that may be spoken, or that no SMB is. */
  readonly smb: SmbFloor | 'no' | null;
  readonly signing: 'required' | null;
  readonly encryption: 'required' | 'supported' | null;
  /** Only `false` is a declaration: nobody demands that a host be worse. */
  readonly smb1: false | null;
  readonly guest: false | null;
  readonly netbios: false | null;
  /** TCP ports that may be open, of those that are watched. */
  readonly ports: readonly number[] | null;
}

/** Dialects of SMB 2 and 3 from the one named on. */
export type SmbFloor = `>=${Exclude<Dialect, 'NT LM 0.12'>}`;

/** Nothing is declared. */
export const NO_EXPECTATION: Expectation = {
  smb: null,
  signing: null,
  encryption: null,
  smb1: null,
  guest: null,
  netbios: null,
  ports: null,
};

/** What is declared of a single host, laid over what is declared of all. */
export function narrowed(general: Expectation, own: Expectation): Expectation {
  return {
    smb: own.smb ?? general.smb,
    signing: own.signing ?? general.signing,
    encryption: own.encryption ?? general.encryption,
    smb1: own.smb1 ?? general.smb1,
    guest: own.guest ?? general.guest,
    netbios: own.netbios ?? general.netbios,
    ports: own.ports ?? general.ports,
  };
}

/** Does anything differ from one declared item? `said`: what differs, one sentence each. */
interface Comparison {
  readonly differs: 'yes' | 'no' | 'unknown';
  readonly said: readonly string[];
}

/**
 * Does the host differ from what is declared? Judged on everything that is known of it, since one sweep seldom asks
 * everything. `judge`: the verdict of another rule on the same facts. `no` when every declared item was seen to be kept,
 * or nothing is declared; a single unknown item keeps an open finding open.
 */
export function judgeExpectation(
  expected: Expectation,
  known: Facts,
  judge: (rule: RuleId, facts: Facts) => Verdict,
): Verdict {
  const facts = withoutOverruled(known);
  const verdictOf = (rule: RuleId): Verdict => judge(rule, facts);
  const compared = [
    compareSmb(expected, facts),
    ...(expected.signing === null
      ? []
      : [byRules('signing: required', verdictOf('smb-signing-not-required'))]),
    compareEncryption(expected, facts, verdictOf('smb-encryption-unsupported')),
    ...(expected.smb1 === null ? [] : [byRules('smb1: no', verdictOf('smb1-enabled'))]),
    ...(expected.guest === null
      ? []
      : [byRules('guest: no', verdictOf('smb-guest-readable-share'), verdictOf('smb-guest-writable-share'))]),
    ...(expected.netbios === null
      ? []
      : [
          byRules(
            'netbios: no',
            verdictOf('netbios-session-exposed'),
            verdictOf('netbios-name-service-exposed'),
          ),
        ]),
    comparePorts(expected, facts),
  ].filter((each) => each !== null);
  if (compared.length === 0) return { answer: 'no', evidence: ['Nothing is declared of this host'] };
  const evidence = compared.filter((each) => each.differs === 'yes').flatMap((each) => each.said);
  if (evidence.length > 0) return { answer: 'yes', evidence, unambiguous: false };
  return compared.every((each) => each.differs === 'no')
    ? { answer: 'no', evidence: ['Everything that is declared of this host is kept'] }
    : { answer: 'unknown' };
}

/** An item that is kept when none of the rules finds anything. */
function byRules(declared: string, ...verdicts: readonly Verdict[]): Comparison {
  const found = verdicts.filter((verdict) => verdict.answer === 'yes');
  if (found.length > 0) {
    return {
      differs: 'yes',
      said: found.flatMap(({ evidence }) => evidence.map((each) => against(each, declared))),
    };
  }
  return { differs: verdicts.every(({ answer }) => answer === 'no') ? 'no' : 'unknown', said: [] };
}

function against(seen: string, declared: string): string {
  return `${seen}; declared: ${declared}`;
}

const AS_DECLARED: Comparison = { differs: 'no', said: [] };
const NOT_KNOWN: Comparison = { differs: 'unknown', said: [] };

function compareSmb({ smb }: Expectation, facts: Facts): Comparison | null {
  if (smb === null) return null;
  if (isOutOfReach(facts)) return AS_DECLARED;
  if (smb === 'no') {
    const ports = smbPorts(facts);
    if (ports.length === 0) return NOT_KNOWN;
    return { differs: 'yes', said: [against(`SMB is spoken on TCP ${ports.join(' and ')}`, 'smb: no')] };
  }
  const least = DIALECTS.findIndex((dialect) => smb === `>=${dialect}`);
  const older = provenDialects(facts).filter((dialect) => DIALECTS.indexOf(dialect) < least);
  if (older.length > 0) {
    return {
      differs: 'yes',
      said: [against(`SMB ${older.join(', ')} is spoken`, `smb: "${smb}"`)],
    };
  }
  const allKnown =
    facts['smb.smb1'] === 'no' && (facts['smb.dialects'] !== undefined || facts['smb.smb2'] === 'no');
  return allKnown ? AS_DECLARED : NOT_KNOWN;
}

function compareEncryption(
  { encryption }: Expectation,
  facts: Facts,
  unsupported: Verdict,
): Comparison | null {
  if (encryption === null) return null;
  const declared = `encryption: ${encryption}`;
  if (encryption === 'supported' || unsupported.answer === 'yes' || isOutOfReach(facts))
    return byRules(declared, unsupported);
  const required = facts['smb.encryption.required'];
  if (required === undefined || required === 'unknown') return NOT_KNOWN;
  if (required === 'yes') return AS_DECLARED;
  return { differs: 'yes', said: [against('A session without encryption is accepted', declared)] };
}

function comparePorts({ ports }: Expectation, facts: Facts): Comparison | null {
  if (ports === null) return null;
  const isOther = ({ port }: Service) => !ports.includes(port);
  const isOpen = ({ state }: Service) => state === 'open';
  const others = servicesOf(facts).filter((service) => service.transport === 'tcp' && isOther(service));
  const overIpv6 = servicesOverIpv6(facts).filter((service) => isOther(service) && isOpen(service));
  const open = [
    ...others.filter(isOpen).map(({ port }) => `TCP ${port} is open`),
    ...overIpv6.map(({ port }) => `TCP ${port} is open over IPv6`),
  ];
  const declared = `ports: [${ports.join(', ')}]`;
  if (open.length > 0) return { differs: 'yes', said: open.map((each) => against(each, declared)) };
  return others.every(({ state }) => saysNo(state)) ? AS_DECLARED : NOT_KNOWN;
}

function isOutOfReach(facts: Facts): boolean {
  return saysNo(facts['tcp/445']) && saysNo(facts['tcp/139']);
}

/** What is known, without what a port that closed since has overruled. */
function withoutOverruled(known: Facts): Facts {
  const overruled = (name: string): boolean =>
    (isOutOfReach(known) && name.startsWith('smb.')) ||
    (saysNo(known['tcp/139']) && (name === 'netbios.session' || name === 'netbios.calledName'));
  return Object.fromEntries(Object.entries(known).filter(([name]) => !overruled(name))) as Facts;
}
