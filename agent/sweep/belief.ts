import { type Facts, factNames, sameFact } from '../../domain/facts.ts';
import { newlyQuarantined, quarantineAfterLoss, quarantineAfterRestart } from '../../domain/harm.ts';
import type { History, Quarantined } from '../../domain/history.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import type { SeenHost } from '../../domain/identity.ts';
import { suspicionOf } from '../../domain/suspicion.ts';
import type { Coverage } from '../../domain/target.ts';
import type { Asked } from './tally.ts';

/**
 * Known hosts, all of whose addresses were asked and have settled, and that were not met anywhere. A neighbour is missed
 * only where this machine is attached to its subnet: when a cable is out, whoever answers in its place is a router.
 */
export function absentHosts(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  asked: Pick<Asked, 'settled'>,
  { onLink }: Pick<Coverage, 'onLink'>,
): HostRecord[] {
  const met = new Set(seen.map((host) => host.id));
  const unmet = [...known.values()].filter((host) => !met.has(host.id) && !host.isAgent);
  const theirs = new Set(unmet.flatMap(({ facts }) => facts.addresses ?? []));
  const attached = new Set(onLink.filter((address) => theirs.has(address)));
  return unmet.filter(
    ({ mac, facts: { addresses = [] } }) =>
      addresses.length > 0 &&
      addresses.every((address) => asked.settled.has(address) && (mac === null || attached.has(address))),
  );
}

/** Neighbours that were there, at addresses that are asked now although this machine is not attached to their subnet. */
export function detachedHosts(
  known: ReadonlyMap<HostId, HostRecord>,
  { routed }: Pick<Coverage, 'routed'>,
): HostRecord[] {
  const behindRouters = new Set(routed);
  return [...known.values()].filter(
    ({ mac, isAgent, present, facts }) =>
      mac !== null &&
      !isAgent &&
      present &&
      (facts.addresses ?? []).some((address) => behindRouters.has(address)),
  );
}

/** A port that so many sweeps in a row have found open everywhere is open. */
const BELIEVED_AFTER = 2;

/** Why the sweep is not to be believed, or null. */
export function suspicion(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  silent: readonly HostRecord[],
  history: History,
): string | null {
  const suspect = suspicionOf(seen, known, silent);
  const nobodyAnswers = !seen.some((host) => !host.isAgent);
  if (suspect === null || nobodyAnswers) return suspect;
  const before = history.sweeps(BELIEVED_AFTER);
  const persists = before.length === BELIEVED_AFTER && before.every((sweep) => sweep.suspect !== null);
  return persists ? null : suspect;
}

/** Of a sweep that is not believed: the known hosts that it met, with those facts that say nothing new. */
export function nothingNew(seen: readonly SeenHost[], known: ReadonlyMap<HostId, HostRecord>): SeenHost[] {
  return seen.flatMap((host) => {
    const before = known.get(host.id);
    if (before === undefined) return [];
    const old = factNames(host.facts).filter((name) => sameFact(host.facts[name], before.facts[name]));
    return [{ ...host, facts: Object.fromEntries(old.map((name) => [name, host.facts[name]])) as Facts }];
  });
}

/** What is held back from now on: after losses that a second look confirmed, and after restarts. */
export function harmDone(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  before: readonly Quarantined[],
  at: number,
): Quarantined[] {
  const found = seen.flatMap((host) => [
    ...quarantineAfterLoss(host, at),
    ...quarantineAfterRestart(known.get(host.id) ?? null, host, at),
  ]);
  return newlyQuarantined(found, before);
}
