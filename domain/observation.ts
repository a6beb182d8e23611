import type { Address } from './address.ts';
import type { DeepQuestion } from './cadence.ts';
import type {
  Answer,
  Conversation,
  Dialect,
  Facts,
  NetbiosName,
  ServiceState,
  Share,
  SigningPolicy,
  SmbIdentity,
} from './facts.ts';
import type { PortLoss } from './harm.ts';
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
  | GuestObservation
  | Ms17010Observation
  | EndpointMapperObservation
  | MdnsObservation
  | Ipv6Observation
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
  /** The one that was selected at 3.1.1, by its name in [MS-SMB2] 2.2.3.1.2; null: none, or another dialect. */
  readonly cipher: string | null;
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
  /** Server GUID on the connection of this question, text as in the facts; null: none was told. */
  readonly serverGuid: string | null;
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
  /** The session was refused because it could not be encrypted; missing: nothing shows that. */
  readonly demandsEncryption?: true;
  readonly shares: readonly Share[] | null;
}

/** What a user who cannot exist gets without a password; `shares` null: no session, or the list is refused. */
export interface GuestObservation {
  readonly kind: 'guest';
  readonly session: 'yes' | 'no';
  readonly shares: readonly Share[] | null;
}

/** How the server refused a look into a pipe that is not there: as one without the update of MS17-010, or otherwise. */
export interface Ms17010Observation {
  readonly kind: 'ms17-010';
  readonly unpatched: 'yes' | 'no';
}

export interface EndpointMapperObservation {
  readonly kind: 'endpoint-mapper';
  readonly bindAcknowledged: boolean;
}

/** DNS-SD service types that the host announced by itself, ascending, those known before included. */
export interface MdnsObservation {
  readonly kind: 'mdns';
  readonly services: readonly string[];
}

/** What a host answered over IPv6, at all of its addresses together, with what is still known of those not asked now. */
export interface Ipv6Observation {
  readonly kind: 'ipv6';
  /** As the fact `ipv6.addresses`. */
  readonly addresses: readonly string[];
  /** By port. What nothing can be said of, and silence where a port was open before, is left out. */
  readonly states: Readonly<Record<number, ServiceState>>;
  /** How a negotiate ended, and the weakest that was selected; null: no port for it was open. */
  readonly smb: {
    readonly conversation: Conversation;
    readonly selected: { readonly dialect: Dialect; readonly signing: SigningPolicy } | null;
  } | null;
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
  /** Single questions that were put, answered or not. */
  readonly asked: readonly DeepQuestion[];
  /** Ports that stopped answering after one of them; missing: none. */
  readonly losses?: readonly PortLoss[];
}

/** What the observations of one address in one sweep amount to. Later observations win over earlier ones. */
export function toFacts(observations: readonly Observation[]): Facts {
  return Object.assign(
    {},
    ...observations.map(factsOf),
    smb1Facts(observations),
    guidFacts(observations),
  ) as Facts;
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
        'smb.encryption.required': encryptionRequired(seen),
      };
    case 'guest':
      return {
        'smb.guest.session': seen.session,
        'smb.guest.shares': seen.shares,
        ...(seen.session === 'yes' ? { 'smb.encryption.required': 'no' } : {}),
      };
    case 'ms17-010':
      return { 'smb.ms17010': seen.unpatched };
    case 'endpoint-mapper':
      return { 'rpc.bindAcknowledged': seen.bindAcknowledged ? 'yes' : 'no' };
    case 'mdns':
      return { 'mdns.services': seen.services };
    case 'ipv6':
      return ipv6Facts(seen);
    case 'own-sockets':
      return { 'agent.listening': seen.listening };
    default:
      return seen satisfies never;
  }
}

function ipv6Facts({ addresses, states, smb }: Ipv6Observation): Facts {
  const selected = smb?.selected ?? null;
  return {
    'ipv6.addresses': addresses,
    ...Object.fromEntries(Object.entries(states).map(([port, state]) => [`tcp6/${port}`, state])),
    ...(smb === null ? {} : { 'ipv6.smb.conversation': smb.conversation }),
    ...(selected === null
      ? {}
      : { 'ipv6.smb.dialect': selected.dialect, 'ipv6.smb.signing': selected.signing }),
  };
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

/** Two connections of one visit tell whether a server keeps its GUID or makes up a new one for each. */
function guidFacts(observations: readonly Observation[]): Facts {
  const told = observations.flatMap((each) => {
    if (each.kind === 'identity') return [each.serverGuid];
    return each.kind === 'smb2' && each.selected !== null ? [each.selected.serverGuid] : [];
  });
  if (told.length < 2) return {};
  const lasts = told.every((guid) => guid === told[0]);
  return lasts
    ? { 'smb.serverGuid.lasting': 'yes' }
    : { 'smb.serverGuid.lasting': 'no', 'smb.serverGuid': null };
}

/** The observations, without the GUID of a server that is known to make up a new one for each connection. */
export function withoutPassingGuids(observations: readonly Observation[], known: Facts): Observation[] {
  const passing =
    known['smb.serverGuid.lasting'] === 'no' && !('smb.serverGuid.lasting' in toFacts(observations));
  return observations.map((each) =>
    passing && each.kind === 'smb2' && each.selected !== null
      ? { ...each, selected: { ...each.selected, serverGuid: null } }
      : each,
  );
}

function encryptionRequired({ session, demandsEncryption }: AnonymousObservation): Answer {
  if (session === 'yes') return 'no';
  return demandsEncryption === true ? 'yes' : 'unknown';
}

function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
