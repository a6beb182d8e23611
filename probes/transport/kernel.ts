import { execFile } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';

/** What the kernel knows, read from /proc/self/net (readable without privilege, also under ProtectProc=invisible). */

/** An entry of the neighbour table. `complete`: a MAC is known, which is not yet proof of presence. */
export interface Neighbour {
  readonly complete: boolean;
  /** Lower case with colons; meaningless unless complete. */
  readonly mac: string;
  readonly device: string;
  /** Stale or failed: the kernel evicts it when it needs the room. Missing: `/proc` does not tell, only `ip` does. */
  readonly reclaimable?: boolean;
}

const COMPLETE = 0x2;

/** Entries with their addresses, to be walked through once; an object is made of an entry when its turn has come. */
type Listing = Iterable<readonly [string, Neighbour]>;

/** The kernel gives a page at a time, whatever is asked for. */
const PAGE_BYTES = 4_096;
/** A page tells about 50 entries. */
const MANY_PAGES = 80;
/** From about 400 entries on it matters to a sweep which of them the kernel could do without: once a second is enough. */
const SOME_PAGES = 8;
const STATES_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 5_000;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** The IPv4 neighbour table by address. Incomplete and failed entries are listed with `complete: false`. */
export async function readNeighbours(): Promise<ReadonlyMap<string, Neighbour>> {
  return new Map(entriesIn(await readPages()));
}

/**
 * Gives a function that lists the same table again and again. It is read page by page, so that an entry may be missing
 * once, or be told twice, when others come or go meanwhile. For each page the kernel counts the entries from the first one
 * on: 20,000 took 1.7 s, and `ip`, which does not count, 0.14 s. So a table of more than some 4,000 is listed by `ip`, a
 * child process, where there is one; and one of more than some 400 now and then, because `ip` tells the states.
 */
export function neighbourLister(): () => Promise<Listing> {
  let pagesBefore = 0;
  let askedIpAt = Number.NEGATIVE_INFINITY;
  let hasIp = true;
  return async () => {
    const now = performance.now();
    const wantsStates = pagesBefore > SOME_PAGES && now - askedIpAt >= STATES_EVERY_MS;
    if (hasIp && (pagesBefore > MANY_PAGES || wantsStates)) {
      askedIpAt = now;
      const output = await outputOfIp(['-4', 'neigh', 'show']).catch(() => null);
      if (output !== null) {
        pagesBefore = output.length / (PAGE_BYTES * IP_SHARE);
        return entriesByIp(output);
      }
      hasIp = false;
    }
    const pages = await readPages();
    pagesBefore = pages.length;
    return entriesIn(pages);
  };
}

/** What `ip` writes about an entry is shorter than what /proc/net/arp does. */
const IP_SHARE = 0.4;

function outputOfIp(args: readonly string[]): Promise<Buffer> {
  const limits = { timeout: ANSWER_WITHIN_MS, maxBuffer: MOST_OUTPUT_BYTES, encoding: 'buffer' } as const;
  return new Promise((resolve, reject) => {
    execFile('ip', args, limits, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}

async function readPages(): Promise<Buffer[]> {
  const file = await open('/proc/self/net/arp');
  try {
    const pages: Buffer[] = [];
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PAGE_BYTES), 0, PAGE_BYTES, null);
      if (bytesRead === 0) return pages;
      pages.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Reads the text of /proc/net/arp: a heading, then address, type, flags, MAC, mask, device (proc_net(5)). */
export function parseNeighbours(text: string): ReadonlyMap<string, Neighbour> {
  return new Map(entriesIn([Buffer.from(text, 'latin1')]));
}

/** Columns are set apart by blanks, the last one by a blank or tabulator. */
const ENTRY = /^(\d+\.\S+) +\S+ +0x([0-9a-f]+) +(\S+) +\S+\s+(\S+)/gm;
const NO_MAC = '00:00:00:00:00:00';

function* entriesIn(pages: readonly Buffer[]): Generator<[string, Neighbour]> {
  for (const lines of wholeLines(pages)) {
    for (const [, address = '', flags = '', mac = '', device = ''] of lines.matchAll(ENTRY)) {
      const complete = (Number.parseInt(flags, 16) & COMPLETE) !== 0 && mac !== NO_MAC;
      yield [address, { complete, mac: mac.toLowerCase(), device }];
    }
  }
}

/** `192.168.1.20 dev eth0 lladdr 00:11:32:aa:bb:cc REACHABLE`; without `lladdr` where there is no MAC. */
const ENTRY_BY_IP = /^(\d+\.\S+) dev (\S+)(?: lladdr (\S+))?/;

/** Reads what `ip -4 neigh show` prints. A failed entry may still show an old MAC. */
export function* entriesByIp(output: Buffer): Generator<[string, Neighbour]> {
  for (const lines of wholeLines([output])) {
    for (const line of lines.split('\n')) {
      const [, address, device = '', mac = NO_MAC] = ENTRY_BY_IP.exec(line) ?? [];
      if (address === undefined) continue;
      const complete = mac !== NO_MAC && !/ (FAILED|INCOMPLETE)\b/.test(line);
      const reclaimable = / (FAILED|STALE)\b/.test(line);
      yield [address, { complete, mac: mac.toLowerCase(), device, reclaimable }];
    }
  }
}

/** The text of consecutive bytes, cut into parts that end with a line. */
function* wholeLines(parts: readonly Buffer[]): Generator<string> {
  let begun = '';
  for (const part of [...parts, null]) {
    const text = begun + (part?.toString('latin1') ?? '\n');
    const end = text.lastIndexOf('\n') + 1;
    begun = text.slice(end);
    yield text.slice(0, end);
  }
}

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
