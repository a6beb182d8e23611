import type { Address } from '../domain/address.ts';
import type { Dialect } from '../domain/facts.ts';
import type { Level } from '../domain/level.ts';
import type { HostLine } from './transport/line.ts';
import type { Meter } from './transport/meter.ts';
import type { Patience, ReplyPatience } from './transport/patience.ts';
import type { Connection } from './transport/tcp.ts';
import type { DatagramDesk, Letter } from './transport/udp.ts';

/** How a probe ended. */
export type Outcome<Seen> =
  /** A well-formed reply to our question. `connection`: left open for the next probe, where that makes sense. */
  | { readonly kind: 'answered'; readonly seen: Seen; readonly connection: Connection | null }
  /** No reply before the deadline. */
  | { readonly kind: 'silent' }
  /** The host said no to the connection or the datagram. */
  | { readonly kind: 'refused' }
  /** The network said no. */
  | { readonly kind: 'unreachable'; readonly code: string }
  /** The peer closed in mid-exchange, after so many bytes of its reply. */
  | { readonly kind: 'hung-up'; readonly received: number }
  /** The bytes are not this protocol. */
  | { readonly kind: 'malformed'; readonly why: string }
  /** A valid refusal in the protocol's own terms. */
  | { readonly kind: 'declined'; readonly status: number };

/** What a probe is given. Everything that touches the world arrives here. */
export interface ProbeContext {
  readonly address: Address;
  readonly line: HostLine;
  readonly desk: DatagramDesk;
  /** The first question by datagram, if it was put before anybody knew whether somebody is there; missing: it was not. */
  readonly letter?: Letter;
  readonly patience: Patience;
  /** Of this host with negotiates; logons may take longer, and get the full time. */
  readonly replyPatience: ReplyPatience;
  readonly meter: Meter;
  readonly signal: AbortSignal;
  /** Cryptographic randomness, so many bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly ports: ServicePorts;
  /** An open connection that an earlier step left to this probe, or null. */
  readonly connection: Connection | null;
  /** Has the host shown any sign of life yet? Repeats go only to those that have. */
  readonly isAlive: () => boolean;
  /** NetBIOS names to call on TCP 139, best first; `*SMBSERVER` is among them. */
  readonly calledNames: readonly string[];
  /** Where SMB is asked for on a connection of its own: 445, or 139 where 445 is closed. */
  readonly smbPort: 445 | 139;
  /** What the server selected when all dialects of SMB 2 and 3 were offered; null: not known. */
  readonly bestDialect: Dialect | null;
  /** All dialects of SMB 2 and 3 that it speaks, oldest first; null: not known. */
  readonly dialects: readonly Dialect[] | null;
  /** The cipher that it selected then, of all; null: none, or not known. */
  readonly bestCipher: string | null;
}

/** Where each service listens. The numbers are the standard ones but in tests and the demo, which run without root. */
export interface ServicePorts {
  readonly nameService: number;
  readonly session: number;
  readonly smb: number;
  readonly endpointMapper: number;
}

export const STANDARD_PORTS: ServicePorts = { nameService: 137, session: 139, smb: 445, endpointMapper: 135 };

/** One question put to one address in one protocol. */
export interface Probe<Seen> {
  readonly name: string;
  /** One sentence for people: what is asked. */
  readonly asks: string;
  readonly level: Level;
  readonly transport: 'tcp' | 'udp';
  readonly port: keyof ServicePorts;
  /** Bytes that one run sends at most, for the plan that `--dry-run` prints. */
  readonly bytesAtMost: number;
  readonly run: (context: ProbeContext) => Promise<Outcome<Seen>>;
}

/** How long a reply is waited for on an open connection. */
export const REPLY_TIMEOUT_MS = 2_000;
