/**
 * A TCP server that misbehaves: `node tcp.ts BEHAVIOUR PORT...` in the foreground, on all addresses. It builds its bytes by
 * hand, so that it shares no mistake with the code it is there to try.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

/** NBSS session message header (RFC 1002 §4.3.1, [MS-SMB2] 2.1): type 0 and a length of 24 bits. */
const NBSS_HEADER_64_BYTES = [0x00, 0x00, 0x00, 0x40];
const NBSS_HEADER_16_MIB = [0x00, 0xff, 0xff, 0xff];
const SMB2_PROTOCOL_ID = [0xfe, 0x53, 0x4d, 0x42];
const DRIP_INTERVAL_MS = 1_000;
const CHUNK_BYTES = 65_536;

const BEHAVIOURS: Readonly<Record<string, (socket: Socket) => void>> = {
  /** Accepts, reads, never answers. */
  tarpit: (socket) => socket.resume(),

  /** A plausible SMB2 header, one byte a second, then zeros for ever. */
  drip: (socket) => {
    const start = [...NBSS_HEADER_64_BYTES, ...SMB2_PROTOCOL_ID];
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(Uint8Array.of(start[sent] ?? 0));
      sent += 1;
    }, DRIP_INTERVAL_MS);
    socket.resume().once('close', () => clearInterval(timer));
  },

  /** Random bytes at once, and again whenever something comes. */
  garbage: (socket) => {
    socket.write(randomBytes(512));
    socket.on('data', () => socket.write(randomBytes(512)));
  },

  /** Announces a message of 16 MiB − 1 and sends all of it, as fast as it is taken. */
  huge: (socket) => {
    socket.write(Uint8Array.from([...NBSS_HEADER_16_MIB, ...SMB2_PROTOCOL_ID]));
    let left = 0xffffff - SMB2_PROTOCOL_ID.length;
    const pour = () => {
      while (left > 0) {
        const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
        left -= chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.resume().on('drain', pour);
    pour();
  },

  /** Closes in order as soon as it has accepted. */
  'hang-up': (socket) => socket.end(),
};

const [behaviour = '', ...ports] = process.argv.slice(2);
const misbehave = BEHAVIOURS[behaviour];
if (misbehave === undefined) throw new Error(`tcp.ts ${behaviour}: not one of ${Object.keys(BEHAVIOURS)}`);

for (const port of ports) {
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    misbehave(socket);
  }).listen(Number(port), '0.0.0.0');
}
