/** What the frames of a wire hold, read by hand so that it shares no mistake with the code that it judges. Pure. */
import ipaddr from 'ipaddr.js';
import type { Address } from '../../domain/address.ts';
import type { Mac } from '../../domain/host.ts';

/** A packet between this machine and another. */
export interface Packet {
  /** Milliseconds since 1970, with the kernel's microseconds. */
  readonly at: number;
  readonly isOurs: boolean;
  readonly protocol: 'tcp' | 'udp';
  /** The other side's, by which machines are told apart: one may have many addresses. */
  readonly mac: Mac;
  /** The other side's, IPv4 or IPv6. */
  readonly address: Address;
  /** The other side's. */
  readonly port: number;
  /** Our own. */
  readonly ourPort: number;
  /** Of `FSRPA`; empty for a datagram. */
  readonly flags: string;
  /** As far as the record goes: not all of a long one. */
  readonly payload: Buffer;
}

const ETHERNET_BYTES = 14;
const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const PROTOCOL = { 6: 'tcp', 17: 'udp' } as const;
const IPV6_BYTES = 40;
const UDP_BYTES = 8;
const FLAGS = 'FSRPA';

/** The packet in a frame of Ethernet; null: neither TCP nor UDP. */
export function packetIn(
  frame: Buffer,
  { at, isOurs }: { readonly at: number; readonly isOurs: boolean },
): Packet | null {
  const ip = ipIn(frame);
  const protocol = PROTOCOL[ip?.protocol as keyof typeof PROTOCOL];
  if (ip === null || protocol === undefined) return null;
  const { segment } = ip;
  const [source, destination] = [segment.readUInt16BE(0), segment.readUInt16BE(2)];
  const isTcp = protocol === 'tcp';
  const headerBytes = isTcp ? 4 * ((segment[12] ?? 0) >> 4) : UDP_BYTES;
  return {
    at,
    isOurs,
    protocol,
    mac: macIn(isOurs ? frame.subarray(0, 6) : frame.subarray(6, 12)),
    address: ipaddr.fromByteArray([...(isOurs ? ip.destination : ip.source)]).toString(),
    port: isOurs ? destination : source,
    ourPort: isOurs ? source : destination,
    flags: isTcp ? flagsIn(segment[13] ?? 0) : '',
    payload: segment.subarray(headerBytes),
  };
}

interface Ip {
  readonly protocol: number | undefined;
  readonly source: Buffer;
  readonly destination: Buffer;
  /** What the packet carries. Ethernet fills short frames up, so its end is the packet's. */
  readonly segment: Buffer;
}

/** Extension headers of IPv6, which nobody here sends before TCP or UDP, are not read. */
function ipIn(frame: Buffer): Ip | null {
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(ETHERNET_BYTES);
  if (type === ETHERTYPE.ipv6) {
    const segment = packet.subarray(IPV6_BYTES, IPV6_BYTES + packet.readUInt16BE(4));
    const [source, destination] = [packet.subarray(8, 24), packet.subarray(24, IPV6_BYTES)];
    return { protocol: packet[6], source, destination, segment };
  }
  if (type !== ETHERTYPE.ipv4) return null;
  const segment = packet.subarray(4 * ((packet[0] ?? 0) & 15), packet.readUInt16BE(2));
  return {
    protocol: packet[9],
    source: packet.subarray(12, 16),
    destination: packet.subarray(16, 20),
    segment,
  };
}

function macIn(bytes: Buffer): Mac {
  return bytes.toString('hex').replace(/..(?!$)/g, '$&:');
}

function flagsIn(bits: number): string {
  return [...FLAGS].filter((_, bit) => ((bits >> bit) & 1) === 1).join('');
}
