import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';

/** What the kernel knows, read from /proc/self/net (readable without privilege, also under ProtectProc=invisible). */

const USUAL_NEIGHBOUR_LIMIT = 1_024;

/** Hard limit of the neighbour table (gc_thresh3); 1,024, the kernel's default, where it cannot be read. */
export async function readNeighbourLimit(): Promise<number> {
  return (await findNeighbourLimit()) ?? USUAL_NEIGHBOUR_LIMIT;
}

/** The same; null where it cannot be read: it is shown in the initial network namespace only. */
export async function findNeighbourLimit(): Promise<number | null> {
  try {
    return Number.parseInt(await readFile('/proc/sys/net/ipv4/neigh/default/gc_thresh3', 'utf8'), 10) || null;
  } catch {
    return null;
  }
}

/** IPv4 addresses of this machine's interfaces that are up, loopback included. */
export function readInterfaces(): { interface: string; address: string; cidr: string; mac: string }[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter((each) => each.family === 'IPv4')
      .map(({ address, cidr, mac }) => ({ interface: name, address, cidr: cidr ?? `${address}/32`, mac })),
  );
}

/** A socket of this machine that waits for others. */
export interface ListeningSocket {
  readonly transport: 'tcp' | 'udp';
  /** `0.0.0.0` and `::` for all addresses. */
  readonly address: string;
  readonly port: number;
}

const TCP_LISTEN = '0A';
const UDP_UNCONNECTED = '07';

/** Sockets of this network namespace that listen (TCP) or are bound without a peer (UDP), IPv4 and IPv6. */
export async function readListeningSockets(): Promise<ListeningSocket[]> {
  const tables = await Promise.all(
    (['tcp', 'tcp6', 'udp', 'udp6'] as const).map(async (name) => {
      const text = await readFile(`/proc/self/net/${name}`, 'utf8').catch(nothingWhereMissing);
      return parseSockets(text, name.startsWith('tcp') ? 'tcp' : 'udp');
    }),
  );
  return tables.flat();
}

/** A kernel without IPv6 has no such file. Any other failure is ours, and says nothing about the sockets. */
function nothingWhereMissing(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw error;
}

/** Reads the text of /proc/net/tcp and its like: `sl local_address rem_address st …` in hex, words in host order. */
export function parseSockets(text: string, transport: 'tcp' | 'udp'): ListeningSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      const [address, port] = (local ?? '').split(':');
      if (address === undefined || port === undefined) return [];
      if (state !== (transport === 'tcp' ? TCP_LISTEN : UDP_UNCONNECTED)) return [];
      return [{ transport, address: addressFromHex(address), port: Number.parseInt(port, 16) }];
    });
}

function addressFromHex(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.slice(12).join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}
