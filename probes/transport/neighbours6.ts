import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * IPv6 as the kernel of this machine knows it. There is no table of neighbours to read in /proc as there is for IPv4, so
 * `ip` is asked: a child process, which is why callers look first whether there is any IPv6 at all.
 */

/** A neighbour whose MAC the kernel knows. That it is there at this moment is not proven. */
export interface Neighbour6 {
  /** Without a zone. */
  readonly address: string;
  readonly device: string;
  /** Lower case with colons. */
  readonly mac: string;
}

/** States of an entry whose MAC is known or was, by ip-neighbour(8); FAILED and INCOMPLETE ones have none. */
const WITH_MAC: readonly string[] = ['REACHABLE', 'STALE', 'DELAY', 'PROBE', 'PERMANENT'];
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const ANSWER_WITHIN_MS = 2_000;
const MOST_OUTPUT_BYTES = 4 * 1024 * 1024;

/** The IPv6 neighbour table by `ip -6 -j neigh show`. @throws Error when `ip` is missing, fails or takes longer than 2 s. */
export async function readNeighbours6(): Promise<Neighbour6[]> {
  return parseNeighbours6(await outputOf('ip', ['-6', '-j', 'neigh', 'show']));
}

/** Reads what `ip -j neigh` prints. @throws SyntaxError when that is no JSON. */
export function parseNeighbours6(text: string): Neighbour6[] {
  const entries: unknown = text.trim() === '' ? [] : JSON.parse(text);
  return (Array.isArray(entries) ? entries : []).flatMap((entry: Readonly<Record<string, unknown>>) => {
    const { dst, dev, lladdr, state } = entry;
    const isComplete = Array.isArray(state) && state.some((each) => WITH_MAC.includes(String(each)));
    if (!isComplete || typeof dst !== 'string' || typeof dev !== 'string') return [];
    const mac = String(lladdr).toLowerCase();
    return MAC.test(mac) ? [{ address: dst, device: dev, mac }] : [];
  });
}

const LINK_SCOPE = '20';
/** IFA_F_DADFAILED and IFA_F_TENTATIVE of linux/if_addr.h: an address that cannot be used, or not yet. */
const UNUSABLE = 0x08 | 0x40;

/** Names of the interfaces with a link-local address in use; none where IPv6 is switched off. Starts no process. */
export async function readIpv6Interfaces(): Promise<string[]> {
  return parseIpv6Interfaces(await readFile('/proc/self/net/if_inet6', 'utf8').catch(() => ''));
}

/** Reads the text of /proc/net/if_inet6: address, index, prefix length, scope and flags in hex, then the name. */
export function parseIpv6Interfaces(text: string): string[] {
  const names = text.split('\n').flatMap((line) => {
    const [, , , scope, flags, name] = line.trim().split(/\s+/);
    if (scope !== LINK_SCOPE || flags === undefined || name === undefined) return [];
    return (Number.parseInt(flags, 16) & UNUSABLE) === 0 ? [name] : [];
  });
  return [...new Set(names)];
}

/** Standard output of a command that ended well. */
function outputOf(command: string, args: readonly string[]): Promise<string> {
  const limits = { timeout: ANSWER_WITHIN_MS, maxBuffer: MOST_OUTPUT_BYTES };
  return new Promise((resolve, reject) => {
    execFile(command, args, limits, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}
