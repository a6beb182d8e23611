import { execFile } from 'node:child_process';
import { closeSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

/** The IPv4 neighbour table, as /proc/self/net/arp (readable without privilege, also under ProtectProc=invisible) or `ip` tells it. */

/** An entry of the neighbour table. `complete`: a MAC is known, which is not yet proof of presence. */
export interface Neighbour {
  readonly complete: boolean;
  /** Lower case with colons; meaningless unless complete. */
  readonly mac: string;
  /** Stale or failed: the kernel evicts it when it needs the room. Missing: `/proc` does not tell, only `ip` does. */
  readonly reclaimable?: boolean;
}

/** Entries with their addresses. */
type Listing = Iterable<readonly [string, Neighbour]>;

const TABLE = '/proc/self/net/arp';
/** The kernel gives a page at a time, whatever is asked for. */
const PAGE_BYTES = 4_096;
/** A page tells about 50 entries. */
const MANY_PAGES = 80;
/**
 * Up to about 400 entries are read on the spot: the kernel makes a page in 30 µs, less than it takes to have another thread
 * ask for it. Of more it matters to a sweep which of them the kernel could do without: that is asked for every 300 ms.
 */
const SOME_PAGES = 8;
const STATES_EVERY_MS = 300;
const ANSWER_WITHIN_MS = 5_000;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

const readBesides = promisify(read);

/** The table by address. Incomplete and failed entries are listed with `complete: false`. */
export async function readNeighbours(): Promise<ReadonlyMap<string, Neighbour>> {
  return parseNeighbours(await readTable(Buffer.allocUnsafe(SOME_PAGES * PAGE_BYTES)));
}

/**
 * Gives a function that lists the table again and again. It is read page by page, so that an entry may be missing once, or be
 * told twice, when others come or go meanwhile. For each page the kernel counts the entries from the first one on: 20,000
 * took 1.7 s, and `ip`, which does not count, 0.14 s. So a table of more than some 4,000 is listed by `ip`, a child process,
 * where there is one; and one of more than some 400 now and then, because `ip` tells the states.
 */
export function neighbourLister(): () => Promise<Listing> {
  const room = Buffer.allocUnsafe(SOME_PAGES * PAGE_BYTES);
  let pagesBefore = 0;
  let askedIpAt = Number.NEGATIVE_INFINITY;
  let hasIp = true;
  let textBefore = '';
  let entriesBefore: Listing = [];
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
    const text = await readTable(room);
    pagesBefore = text.length / PAGE_BYTES;
    if (text.length > room.length) return entriesIn(text);
    // While only the silent are waited for nothing comes and nothing goes.
    if (text !== textBefore) entriesBefore = entriesIn(text);
    textBefore = text;
    return entriesBefore;
  };
}

/** What `ip` writes about an entry is shorter than what the table does. */
const IP_SHARE = 0.4;

function outputOfIp(args: readonly string[]): Promise<Buffer> {
  const limits = { timeout: ANSWER_WITHIN_MS, maxBuffer: MOST_OUTPUT_BYTES, encoding: 'buffer' } as const;
  return new Promise((resolve, reject) => {
    execFile('ip', args, limits, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}

/** The text of the table. As much as goes into `room` is read at once, the rest beside everything else. */
async function readTable(room: Buffer): Promise<string> {
  const file = openSync(TABLE, 'r');
  try {
    let length = 0;
    while (room.length - length >= PAGE_BYTES) {
      const bytesRead = readSync(file, room, length, PAGE_BYTES, null);
      if (bytesRead === 0) return room.toString('latin1', 0, length);
      length += bytesRead;
    }
    const parts = [room.toString('latin1', 0, length)];
    for (;;) {
      const { bytesRead, buffer } = await readBesides(
        file,
        Buffer.allocUnsafe(PAGE_BYTES),
        0,
        PAGE_BYTES,
        null,
      );
      if (bytesRead === 0) return parts.join('');
      parts.push(buffer.toString('latin1', 0, bytesRead));
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Reads the text of /proc/net/arp: a heading, then address, type, flags, MAC, mask, device (proc_net(5)).
 * @throws Error without that heading.
 */
export function parseNeighbours(text: string): ReadonlyMap<string, Neighbour> {
  return new Map(entriesIn(text));
}

const COMPLETE = 0x2;
const NO_MAC = '00:00:00:00:00:00';
const INCOMPLETE: Neighbour = { complete: false, mac: NO_MAC };

/** Each column begins where its heading does: the kernel pads them all (arp_format_neigh_entry in its net/ipv4/arp.c). */
function entriesIn(table: string): [string, Neighbour][] {
  const [flagsAt, macAt] = [table.indexOf('Flags'), table.indexOf('HW address')];
  if (flagsAt < 0 || macAt < flagsAt)
    throw new Error(`${TABLE}: no heading with "Flags" and "HW address" in it`);
  const entries: [string, Neighbour][] = [];
  let start = table.indexOf('\n') + 1;
  for (let end = table.indexOf('\n', start); end !== -1; end = table.indexOf('\n', start)) {
    if (end > start + macAt) {
      const address = table.slice(start, table.indexOf(' ', start));
      const isComplete = (Number(table.slice(start + flagsAt, start + macAt)) & COMPLETE) !== 0;
      const mac = isComplete ? table.slice(start + macAt, table.indexOf(' ', start + macAt)) : NO_MAC;
      entries.push([address, mac === NO_MAC ? INCOMPLETE : { complete: true, mac: mac.toLowerCase() }]);
    }
    start = end + 1;
  }
  return entries;
}

/** `192.168.1.20 dev eth0 lladdr 00:11:32:aa:bb:cc REACHABLE`; without `lladdr` where there is no MAC. */
const ENTRY_BY_IP = /^(\d+\.\S+) dev \S+(?: lladdr (\S+))?/;

/** Reads what `ip -4 neigh show` prints. A failed entry may still show an old MAC. */
export function* entriesByIp(output: Buffer): Generator<[string, Neighbour]> {
  for (
    let start = 0, end = output.indexOf('\n');
    end !== -1;
    start = end + 1, end = output.indexOf('\n', start)
  ) {
    const line = output.toString('latin1', start, end);
    const [, address, mac = NO_MAC] = ENTRY_BY_IP.exec(line) ?? [];
    if (address === undefined) continue;
    const complete = mac !== NO_MAC && !/ (FAILED|INCOMPLETE)\b/.test(line);
    const reclaimable = / (FAILED|STALE)\b/.test(line);
    yield [address, { complete, mac: mac.toLowerCase(), reclaimable }];
  }
}
