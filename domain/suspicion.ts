import { type Facts, factNames, isServiceKey, type ServiceKey } from './facts.ts';
import type { HostId, HostRecord } from './host.ts';
import type { SeenHost } from './identity.ts';

/** Fewer hosts than this that open the same port at once may well be the owner's doing. */
const FEWEST_OPENED_AT_ONCE = 4;
const FEWEST_SILENT_AT_ONCE = 2;

/**
 * Why a sweep is not to be believed, or null. Everybody silent at once says more about our own link than about
 * everybody. The same port newly open on most of the hosts that were known to have it closed says that something in
 * between answers for them: a SYN proxy, a tarpit, proxy ARP.
 * `silent`: known hosts that were asked, settled, and not met.
 */
export function suspicionOf(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  silent: readonly HostRecord[],
): string | null {
  const missing = silent.filter((host) => host.present);
  if (!seen.some((host) => !host.isAgent) && missing.length >= FEWEST_SILENT_AT_ONCE) {
    return `all ${missing.length} hosts that were there are silent: is our own link up?`;
  }
  const [worst] = openedAtOnce(seen, known).sort((a, b) => b.opened - a.opened);
  return worst === undefined
    ? null
    : `${worst.port} is suddenly open on ${worst.opened} of ${worst.of} hosts: does something answer in their place?`;
}

interface Opened {
  readonly port: ServiceKey;
  readonly opened: number;
  /** Hosts that did not have it open before and were seen now. */
  readonly of: number;
}

function openedAtOnce(seen: readonly SeenHost[], known: ReadonlyMap<HostId, HostRecord>): Opened[] {
  const before = seen.flatMap(({ id, facts }) => {
    const host = known.get(id);
    return host === undefined ? [] : [{ was: host.facts, is: facts }];
  });
  const ports = new Set(before.flatMap(({ is }) => factNames(is).filter(isServiceKey)));
  return [...ports].flatMap((port) => {
    const closed = before.filter(({ was, is }) => isKnownNotOpen(was, port) && is[port] !== undefined);
    const opened = closed.filter(({ is }) => is[port] === 'open').length;
    const isMost = opened >= FEWEST_OPENED_AT_ONCE && opened * 2 > closed.length;
    return isMost ? [{ port, opened, of: closed.length }] : [];
  });
}

function isKnownNotOpen(facts: Facts, port: ServiceKey): boolean {
  return facts[port] !== undefined && facts[port] !== 'open' && facts[port] !== 'unknown';
}
