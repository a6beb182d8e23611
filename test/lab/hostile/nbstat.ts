/**
 * A node status responder, honest or not: `node nbstat.ts BEHAVIOUR PORT` in the foreground, on all addresses. It builds its
 * bytes by hand (RFC 1002 §4.2.18), so that it shares no mistake with the code it is there to try.
 */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

interface Name {
  /** Latin-1, at most 15 characters. */
  readonly name: string;
  readonly suffix: number;
  readonly flags: number;
}

const UNIQUE_ACTIVE = 0x0400;
const GROUP_ACTIVE = 0x8400;

const PRINTER_NAMES: readonly Name[] = [
  { name: 'BRN0080774A5B6C', suffix: 0x00, flags: UNIQUE_ACTIVE },
  { name: 'WORKGROUP', suffix: 0x00, flags: GROUP_ACTIVE },
];

/** A terminal title, a cleared screen, an 8-bit CSI, markup, a template, a Markdown link, a line break. */
const NASTY_NAMES: readonly Name[] = [
  { name: '\x1b]0;owned\x07\x1b[2J', suffix: 0x00, flags: UNIQUE_ACTIVE },
  { name: '\x9b31m<b>{{x}}', suffix: 0x20, flags: UNIQUE_ACTIVE },
  { name: '[a](//b)\r\n`&"', suffix: 0x00, flags: GROUP_ACTIVE },
];

/** Builds the replies to one datagram. */
const BEHAVIOURS: Readonly<Record<string, (request: Buffer) => Buffer>> = {
  honest: (request) => reply(idOf(request), PRINTER_NAMES),

  /** Ends in the middle of the second of six names that it promises. */
  truncated: (request) => {
    const whole = reply(idOf(request), [...PRINTER_NAMES, ...PRINTER_NAMES, ...PRINTER_NAMES]);
    return whole.subarray(0, ANSWER_HEADER_BYTES + 1 + 18 + 7);
  },

  escapes: (request) => reply(idOf(request), NASTY_NAMES),

  /** Answers whatever it is sent, as if to somebody else's question. */
  impostor: (request) => reply(idOf(request) ^ 0xffff, PRINTER_NAMES),
};

/** Header, owner name, type, class, TTL and RDLENGTH. */
const ANSWER_HEADER_BYTES = 12 + 34 + 2 + 2 + 4 + 2;
const STATISTICS_BYTES = 46;

function reply(id: number, names: readonly Name[]): Buffer {
  const node = Buffer.concat([
    Buffer.of(names.length),
    ...names.map(({ name, suffix, flags }) =>
      Buffer.concat([Buffer.from(name.padEnd(15), 'latin1'), Buffer.of(suffix, flags >> 8, flags & 0xff)]),
    ),
    ownMac(),
    Buffer.alloc(STATISTICS_BYTES - 6),
  ]);
  const header = Buffer.concat([
    uint16be(id, 0x8400, 0, 1, 0, 0),
    Buffer.of(0x20),
    Buffer.from(`CK${'A'.repeat(30)}`),
    Buffer.of(0x00),
    uint16be(0x0021, 0x0001, 0, 0, node.length),
  ]);
  return Buffer.concat([header, node]);
}

/** A query (opcode 0) for the type NBSTAT, RFC 1002 §4.2.17. */
function isNodeStatusQuestion(request: Buffer): boolean {
  const typeAt = 12 + 34;
  if (request.length < typeAt + 4) return false;
  return (request.readUInt16BE(2) & 0xf800) === 0 && request.readUInt16BE(typeAt) === 0x0021;
}

function idOf(request: Buffer): number {
  return request.length < 2 ? 0 : request.readUInt16BE(0);
}

function uint16be(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function ownMac(): Buffer {
  const mac = networkInterfaces().eth0?.[0]?.mac ?? '00:00:00:00:00:00';
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

const [behaviour = '', port] = process.argv.slice(2);
const replyTo = BEHAVIOURS[behaviour];
if (replyTo === undefined) throw new Error(`nbstat.ts ${behaviour}: not one of ${Object.keys(BEHAVIOURS)}`);

const socket = createSocket('udp4');
socket.on('message', (request, from) => {
  // A broadcast name registration that is answered so makes nmbd give its own names up.
  if (behaviour !== 'impostor' && !isNodeStatusQuestion(request)) return;
  socket.send(replyTo(request), from.port, from.address);
});
socket.bind(Number(port), '0.0.0.0');
