import { factInWords, factLabel } from './fact-words.ts';
import {
  type FactName,
  type Facts,
  isServiceKey,
  knownCiphers,
  provenDialects,
  type ServiceKey,
  type Share,
  type SigningPolicy,
  saysNo,
  toldName,
  workgroup,
} from './facts.ts';
import type { RuleId } from './finding.ts';
import { operatingSystem } from './os.ts';

/** Text, a list of texts, or null for what a host was asked and does not tell. Text may be a stranger's. */
export type AspectValue = string | readonly string[] | null;

/** How a value is to be looked at: `exposed` invites an attacker, `guarded` turns one away, `neutral` does neither. */
export type Tone = 'exposed' | 'guarded' | 'neutral' | 'unknown';

/** One thing that people ask about a host, read from one fact or from several together. */
export interface Aspect {
  /** As it is written on the command line: `smb1`, `tcp/139`. */
  readonly name: string;
  /** Completes a sentence with `verb` and the words of a value: `SMB 1` `is` `accepted`. */
  readonly label: string;
  readonly verb: 'is' | 'are';
  /** The facts that it is read from: while they hold, its value does not change. */
  readonly facts: readonly FactName[];
  /** The rule whose evidence speaks of it, or null. */
  readonly rule: RuleId | null;
  /** undefined: not known. */
  valueOf(facts: Facts): AspectValue | undefined;
  /** The value for people, made harmless. */
  inWords(value: AspectValue): string;
  toneOf(value: AspectValue): Tone;
}

/** The aspects that have a name of their own. Each service is an aspect by its key, and each fact by its name, besides. */
export const ASPECTS: readonly Aspect[] = [
  {
    ...spoken({ yes: 'accepted', no: 'not accepted' }, { yes: 'exposed', no: 'guarded' }),
    name: 'smb1',
    label: 'SMB 1',
    facts: ['smb.smb1', 'tcp/139', 'tcp/445'],
    rule: 'smb1-enabled',
    valueOf: (facts) => (isOutOfReach(facts) ? 'no' : facts['smb.smb1']),
  },
  {
    ...spoken({ enabled: 'not required' }, { disabled: 'exposed', enabled: 'exposed', required: 'guarded' }),
    name: 'signing',
    label: 'SMB signing',
    facts: ['smb.signing.smb1', 'smb.signing.smb2', 'tcp/139', 'tcp/445'],
    rule: 'smb-signing-not-required',
    valueOf: weakestSigning,
  },
  {
    ...spoken({ no: 'not supported' }, { no: 'exposed', required: 'guarded' }),
    name: 'encryption',
    label: 'SMB encryption',
    facts: ['smb.encryption.supported', 'smb.encryption.required', 'tcp/139', 'tcp/445'],
    rule: 'smb-encryption-unsupported',
    valueOf: encryption,
  },
  {
    ...spoken(
      {
        no: 'refused',
        session: 'possible (told nothing)',
        list: 'possible (list of shares)',
        read: 'possible (reading)',
        write: 'possible (writing)',
      },
      { no: 'guarded', list: 'exposed', read: 'exposed', write: 'exposed' },
    ),
    name: 'guest',
    label: 'access without a password',
    facts: [
      'smb.anonymous.session',
      'smb.anonymous.shares',
      'smb.guest.session',
      'smb.guest.shares',
      'tcp/139',
      'tcp/445',
    ],
    rule: 'smb-null-session',
    valueOf: guestAccess,
  },
  {
    ...spoken({ yes: 'answered', no: 'refused' }, { yes: 'exposed', no: 'guarded' }),
    name: 'netbios',
    label: 'NetBIOS node status',
    facts: ['netbios.names'],
    rule: 'netbios-name-service-exposed',
    valueOf: ({ 'netbios.names': names }) => (names === null ? 'no' : names && 'yes'),
  },
  {
    ...told('dialect', 'best dialect', ['smb.smb1', 'smb.smb2', 'smb.dialect', 'smb.dialects']),
    valueOf: (facts) => provenDialects(facts).at(-1),
  },
  {
    ...told('dialects', 'dialects', ['smb.smb1', 'smb.smb2', 'smb.dialect', 'smb.dialects']),
    verb: 'are',
    valueOf: (facts) => nonEmpty(provenDialects(facts)),
  },
  {
    ...told('ciphers', 'ciphers', ['smb.dialect', 'smb.encryption.supported', 'smb.encryption.ciphers']),
    verb: 'are',
    valueOf: (facts) => knownCiphers(facts) ?? undefined,
  },
  {
    ...told('shares', 'shares told without a password', ['smb.anonymous.shares', 'smb.guest.shares']),
    verb: 'are',
    valueOf: sharesTold,
  },
  {
    ...told('name', 'name', ['netbios.names', 'smb.identity']),
    valueOf: (facts) => toldName(facts) ?? undefined,
  },
  {
    ...told('workgroup', 'workgroup', ['netbios.names']),
    valueOf: (facts) => workgroup(facts) ?? undefined,
  },
  {
    ...told('os', 'operating system', ['smb.identity']),
    valueOf: ({ 'smb.identity': identity }) => operatingSystem(identity).os ?? undefined,
  },
  {
    ...told('address', 'address', ['addresses']),
    valueOf: ({ addresses }) => addresses && nonEmpty(addresses),
  },
];

/** What people write for an aspect besides its name. */
export const ASPECT_ALIASES: Readonly<Record<string, string>> = {
  smb: 'tcp/445',
  anonymous: 'guest',
  addresses: 'address',
  ip: 'address',
  identity: 'smb.identity',
  guid: 'smb.serverGuid',
  boot: 'smb.bootTime',
};

/** The aspect that a service or a fact is by itself. */
export function factAspect(name: FactName): Aspect {
  const rule = RULE_OF_SERVICE[name] ?? null;
  const isService = isServiceKey(name);
  return {
    name,
    label: isService ? serviceLabel(name) : factLabel(name),
    verb: 'is',
    facts: [name],
    rule,
    valueOf: (facts) => plainValue(facts[name]),
    inWords: (value) => (value === 'filtered' ? 'filtered (no answer)' : factInWords(value)),
    toneOf: (value) => (isService ? serviceTone(value, rule !== null) : 'neutral'),
  };
}

/** `TCP 445`, `TCP 445 over IPv6`. */
function serviceLabel(name: ServiceKey): string {
  const [protocol = '', port = ''] = name.split('/');
  return protocol === 'tcp6' ? `TCP ${port} over IPv6` : `${protocol.toUpperCase()} ${port}`;
}

const RULE_OF_SERVICE: { readonly [Name in FactName]?: RuleId } = {
  'tcp/135': 'rpc-endpoint-mapper-exposed',
  'tcp/139': 'netbios-session-exposed',
  'udp/137': 'netbios-name-service-exposed',
};

/** A port that a rule warns of is exposed while open; others, such as 445, are a service like any other. */
function serviceTone(value: AspectValue, isWarnedOf: boolean): Tone {
  if (value === 'unknown') return 'unknown';
  if (value !== 'open') return 'guarded';
  return isWarnedOf ? 'exposed' : 'neutral';
}

/** Values that are objects, such as an identity, become words. */
function plainValue(value: Facts[FactName]): AspectValue | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  return factInWords(value);
}

type Manner = Pick<Aspect, 'verb' | 'inWords' | 'toneOf'>;

function spoken(words: Readonly<Record<string, string>>, tones: Readonly<Record<string, Tone>>): Manner {
  return {
    verb: 'is',
    inWords: (value) => words[String(value)] ?? factInWords(value),
    toneOf: (value) => tones[String(value)] ?? 'neutral',
  };
}

function told(name: string, label: string, facts: readonly FactName[]): Omit<Aspect, 'valueOf'> {
  return { ...spoken({ null: 'not told' }, {}), name, label, facts, rule: null };
}

function nonEmpty<Value>(values: readonly Value[]): readonly Value[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** What was last heard of SMB means nothing while both of its ports say no. */
function isOutOfReach(facts: Facts): boolean {
  return saysNo(facts['tcp/139']) && saysNo(facts['tcp/445']);
}

const WEAKEST_FIRST: readonly SigningPolicy[] = ['disabled', 'enabled', 'required'];

function weakestSigning(facts: Facts): SigningPolicy | undefined {
  if (isOutOfReach(facts)) return undefined;
  const policies = [facts['smb.signing.smb1'], facts['smb.signing.smb2']];
  return WEAKEST_FIRST.find((policy) => policies.includes(policy));
}

function encryption(facts: Facts): 'no' | 'supported' | 'required' | undefined {
  if (isOutOfReach(facts)) return undefined;
  if (facts['smb.encryption.required'] === 'yes') return 'required';
  const { 'smb.encryption.supported': supported } = facts;
  return supported === 'yes' ? 'supported' : supported;
}

const ACCESS = ['no', 'session', 'list', 'read', 'write'] as const;
type Access = (typeof ACCESS)[number];

/** The most that a session without name, or one under a name that does not exist, was given without a password. */
function guestAccess(facts: Facts): Access | undefined {
  if (isOutOfReach(facts)) return 'no';
  const given = [
    accessBy(facts['smb.anonymous.session'], facts['smb.anonymous.shares']),
    accessBy(facts['smb.guest.session'], facts['smb.guest.shares']),
  ];
  return ACCESS.findLast((access) => given.includes(access));
}

/** `session`: it was accepted and told nothing. */
function accessBy(
  session: 'yes' | 'no' | undefined,
  shares: readonly Share[] | null | undefined,
): Access | undefined {
  if (session !== 'yes') return session;
  if (shares === undefined || shares === null) return 'session';
  if (shares.some(({ writable }) => writable === 'yes')) return 'write';
  return shares.some(({ readable }) => readable === 'yes') ? 'read' : 'list';
}

/** Names of the shares that either of these sessions was told; null: neither was told any list. */
function sharesTold(facts: Facts): readonly string[] | null | undefined {
  const lists = [facts['smb.anonymous.shares'], facts['smb.guest.shares']].filter(
    (each) => each !== undefined,
  );
  if (lists.length === 0) return undefined;
  const told = lists.filter((each) => each !== null);
  return told.length === 0 ? null : [...new Set(told.flat().map(({ name }) => name))];
}
