import type { Address } from './address.ts';
import type { DeepQuestion } from './cadence.ts';
import type {
  Conversation,
  Dialect,
  Facts,
  NetbiosName,
  ServiceState,
  Share,
  SigningPolicy,
  SmbIdentity,
} from './facts.ts';
import type { Mac } from './host.ts';

/**
 * Facts that one probe saw of one address at one time, undecorated: a union, one member per probe. `toFacts` says what
 * each means for what is known of a host.
 */
export type Observation =
  | NodeStatusObservation
  | ServiceObservation
  | SessionObservation
  | Smb2Observation
  | Smb1Observation
  | DialectRangeObservation
  | CiphersObservation
  | IdentityObservation
  | EncryptionRequiredObservation
  | AnonymousObservation
  | EndpointMapperObservation
  | OwnSocketsObservation;

/** Names and unit id; `names` null when the host refused the datagram. */
export interface NodeStatusObservation {
  readonly kind: 'node-status';
  readonly names: readonly NetbiosName[] | null;
  readonly unitId: Mac | null;
}

/** State of one port. */
export interface ServiceObservation {
  readonly kind: 'service';
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  readonly state: ServiceState;
}

/** Answer of the NetBIOS session service to the last called name that was tried. */
export interface SessionObservation {
  readonly kind: 'netbios-session';
  readonly answer: 'accepted' | 'refused' | 'retargeted';
  readonly calledName: string;
}

/** How an SMB 2/3 negotiate that offered all dialects ended, on port 445 or 139. */
export interface Smb2Observation {
  readonly kind: 'smb2';
  readonly port: 445 | 139;
  readonly conversation: Conversation;
  /** What the server selected; null unless the conversation is `smb`. */
  readonly selected: Smb2Selection | null;
}

export interface Smb2Selection {
  readonly dialect: Dialect;
  readonly signing: SigningPolicy;
  readonly encryptionSupported: boolean;
  /** Algorithms selected at 3.1.1, by their names in [MS-SMB2] 2.2.3.1.3. */
  readonly compression: readonly string[];
  readonly serverGuid: string | null;
  /** Milliseconds UTC; null: not told. */
  readonly systemTime: number | null;
  readonly bootTime: number | null;
}

/**
 * Answer to a negotiate that offered only "NT LM 0.12". `closed` is the ordinary no of servers without SMB 1 and counts
 * only beside a control: SMB 2/3 answering on a connection of the same minute.
 */
export interface Smb1Observation {
  readonly kind: 'smb1';
  readonly port: 445 | 139;
  readonly answer: 'selected' | 'refused' | 'closed' | 'smb2-instead';
  /** Policy over SMB 1; null unless selected. */
  readonly signing: SigningPolicy | null;
  readonly systemTime: number | null;
}

/** Every dialect of SMB 2 and 3 that the server speaks, oldest first. */
export interface DialectRangeObservation {
  readonly kind: 'dialect-range';
  readonly dialects: readonly Dialect[];
}

/** Every cipher the server accepts at 3.1.1, in its order of preference. */
export interface CiphersObservation {
  readonly kind: 'ciphers';
  readonly ciphers: readonly string[];
}

/** What the NTLM challenge told; null: the server sends none. */
export interface IdentityObservation {
  readonly kind: 'identity';
  readonly identity: SmbIdentity | null;
}

/** The server refused a session setup that could not be encrypted. */
export interface EncryptionRequiredObservation {
  readonly kind: 'encryption-required';
}

/** What a session without name or password gets; `shares` null: no session, or the list is refused. */
export interface AnonymousObservation {
  readonly kind: 'anonymous';
  readonly session: 'yes' | 'no';
  readonly shares: readonly Share[] | null;
}

export interface EndpointMapperObservation {
  readonly kind: 'endpoint-mapper';
  readonly bindAcknowledged: boolean;
}

/** Sockets of this very machine that listen on the watched ports beyond loopback, as `tcp/445 on 192.168.1.5`. */
export interface OwnSocketsObservation {
  readonly kind: 'own-sockets';
  readonly listening: readonly string[];
}

/** Everything one sweep saw at one address. */
export interface Sighting {
  readonly address: Address;
  /** From the kernel's neighbour table; null for routed and loopback addresses. */
  readonly mac: Mac | null;
  readonly isAgent: boolean;
  readonly observations: readonly Observation[];
  /** Questions of L3 that were answered. */
  readonly asked: readonly DeepQuestion[];
}

/** What the observations of one address in one sweep amount to. Later observations win over earlier ones. */
export function toFacts(observations: readonly Observation[]): Facts {
  return Object.assign({}, ...observations.map(factsOf), smb1Facts(observations)) as Facts;
}

/** The server's own clock as SMB told it last, milliseconds UTC, or null. */
export function systemTimeOf(observations: readonly Observation[]): number | null {
  const times = observations.map((each) =>
    each.kind === 'smb2'
      ? (each.selected?.systemTime ?? null)
      : each.kind === 'smb1'
        ? each.systemTime
        : null,
  );
  return times.findLast((time) => time !== null) ?? null;
}

function factsOf(seen: Observation): Facts {
  switch (seen.kind) {
    case 'node-status':
      return { 'netbios.names': seen.names, 'netbios.unitId': seen.unitId };
    case 'service':
      return { [`${seen.transport}/${seen.port}` as const]: seen.state };
    case 'netbios-session':
      return { 'netbios.session': seen.answer, 'netbios.calledName': seen.calledName };
    case 'smb2':
      return {
        [`smb.conversation.${seen.port}` as const]: seen.conversation,
        ...selectionFacts(seen.selected),
      };
    case 'smb1':
      return seen.answer === 'selected'
        ? { 'smb.smb1.port': seen.port, 'smb.signing.smb1': seen.signing }
        : {};
    case 'dialect-range':
      return { 'smb.dialects': seen.dialects };
    case 'ciphers':
      return { 'smb.encryption.ciphers': seen.ciphers };
    case 'identity':
      return { 'smb.identity': seen.identity };
    case 'encryption-required':
      return { 'smb.encryption.required': 'yes' };
    case 'anonymous':
      return {
        'smb.anonymous.session': seen.session,
        'smb.anonymous.shares': seen.shares,
        ...(seen.session === 'yes' ? { 'smb.encryption.required': 'no' } : {}),
      };
    case 'endpoint-mapper':
      return { 'rpc.bindAcknowledged': seen.bindAcknowledged ? 'yes' : 'no' };
    case 'own-sockets':
      return { 'agent.listening': seen.listening };
    default:
      return seen satisfies never;
  }
}

function selectionFacts(selected: Smb2Selection | null): Facts {
  if (selected === null) return {};
  return {
    'smb.smb2': 'yes',
    'smb.dialect': selected.dialect,
    'smb.signing.smb2': selected.signing,
    'smb.encryption.supported': selected.encryptionSupported ? 'yes' : 'no',
    'smb.compression': selected.compression,
    'smb.serverGuid': selected.serverGuid,
    'smb.bootTime': selected.bootTime === null ? null : isoSeconds(selected.bootTime),
  };
}

/** SMB 1 is disproven, and SMB 2/3 likewise, only beside a control: the other generation answering in the same sweep. */
function smb1Facts(observations: readonly Observation[]): Facts {
  const smb1 = observations.findLast((each) => each.kind === 'smb1');
  if (smb1 === undefined) return {};
  const smb2 = observations.filter((each) => each.kind === 'smb2');
  const smb2Answered = smb2.some((each) => each.selected !== null);
  if (smb1.answer === 'selected') {
    const smb2Refused =
      smb2.length > 0 && smb2.every((s) => s.conversation === 'hung-up' || s.conversation === 'declined');
    return smb2Refused
      ? { 'smb.smb1': 'yes', 'smb.smb2': 'no', 'smb.signing.smb2': null }
      : { 'smb.smb1': 'yes' };
  }
  const refused = smb1.answer === 'refused' || smb1.answer === 'closed';
  return refused && smb2Answered ? { 'smb.smb1': 'no', 'smb.signing.smb1': null } : {};
}

function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
