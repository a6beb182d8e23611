import { createSocket, type Socket } from 'node:dgram';
import {
  decodeNodeStatusRequest,
  encodeNodeStatusResponse,
  NAME_FLAGS,
  NM_FLAGS,
} from '../../probes/wire/nbns.ts';
import { SUFFIX, WILDCARD } from '../../probes/wire/netbios-name.ts';

/** A name as a host holds it; at most 15 characters up to U+00FF. */
export interface HeldName {
  readonly name: string;
  readonly suffix: number;
  readonly group: boolean;
}

/**
 * How the host answers. `from-another-address` and `from-another-port` send a perfect reply from the wrong place;
 * `truncated` ends before the number of names; `echo` sends the question back; `oversized` is no datagram of this
 * protocol.
 */
export type NbnsManner =
  | 'normal'
  | 'silent'
  | 'wrong-id'
  | 'truncated'
  | 'echo'
  | 'oversized'
  | 'from-another-address'
  | 'from-another-port';

export interface NbnsHostOptions {
  readonly address?: string;
  readonly port?: number;
  readonly names?: readonly HeldName[];
  /** Six bytes; all zero: not told, as Samba does. */
  readonly unitId?: Uint8Array;
  readonly manner?: NbnsManner;
}

export interface FakeNbnsHost {
  readonly address: string;
  readonly port: number;
  /** Every datagram that came, in order. */
  readonly received: readonly Uint8Array[];
  close(): Promise<void>;
}

/** Terminal escapes, an 8-bit CSI, markup, a template, a Markdown link and a line break. */
export const HOSTILE_NAMES: readonly HeldName[] = [
  { name: '\x1b]0;owned\x07\x1b[2J', suffix: SUFFIX.FILE_SERVER, group: false },
  { name: '\x9b31m<b>{{x}}', suffix: SUFFIX.WORKSTATION, group: false },
  { name: '[a](//b)\r\n`&"', suffix: SUFFIX.WORKSTATION, group: true },
];

/** Where replies come from that nobody asked for. */
const ANOTHER_ADDRESS = '127.0.0.99';
const BEFORE_NUM_NAMES = 40;
const LONGER_THAN_ANY_REPLY = 1_600;

/** What a file server called `name` holds. */
export function serverNames(name: string, workgroup = 'WORKGROUP'): readonly HeldName[] {
  return [
    { name, suffix: SUFFIX.WORKSTATION, group: false },
    { name: workgroup, suffix: SUFFIX.WORKSTATION, group: true },
    { name, suffix: SUFFIX.FILE_SERVER, group: false },
  ];
}

/** A host that holds NetBIOS names, UDP on loopback. `port` 0: any. */
export async function startFakeNbnsHost(options: NbnsHostOptions = {}): Promise<FakeNbnsHost> {
  const { address = '127.0.0.1', manner = 'normal' } = options;
  const socket = await bind(address, options.port ?? 0);
  const { port } = socket.address();
  const stranger = await strangerFor(manner, address, port);
  const sockets = stranger === null ? [socket] : [socket, stranger];
  const received: Uint8Array[] = [];
  socket.on('message', (datagram, from) => {
    received.push(Uint8Array.from(datagram));
    const reply = replyTo(datagram, manner, options);
    if (reply !== null) (stranger ?? socket).send(reply, from.port, from.address);
  });
  return {
    address,
    port,
    received,
    close: async () => {
      const open = sockets.splice(0);
      await Promise.all(open.map(closed));
    },
  };
}

function replyTo(datagram: Uint8Array, manner: NbnsManner, options: NbnsHostOptions): Uint8Array | null {
  if (manner === 'silent') return null;
  if (manner === 'echo') return datagram;
  const { transactionId } = decodeNodeStatusRequest(datagram);
  const whole = encodeNodeStatusResponse({
    transactionId: manner === 'wrong-id' ? transactionId ^ 0xffff : transactionId,
    flags: NM_FLAGS.R | NM_FLAGS.AA,
    name: WILDCARD,
    names: (options.names ?? serverNames('FAKENAS')).map((each) => ({
      ...each,
      flags: NAME_FLAGS.ACT | (each.group ? NAME_FLAGS.G : 0),
    })),
    unitId: options.unitId ?? new Uint8Array(6),
  });
  if (manner === 'truncated') return whole.subarray(0, BEFORE_NUM_NAMES);
  if (manner === 'oversized') return Uint8Array.of(...whole, ...new Uint8Array(LONGER_THAN_ANY_REPLY));
  return whole;
}

async function strangerFor(manner: NbnsManner, address: string, port: number): Promise<Socket | null> {
  if (manner === 'from-another-address') return bind(ANOTHER_ADDRESS, port);
  return manner === 'from-another-port' ? bind(address, 0) : null;
}

function bind(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, address, () => resolve(socket));
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
