import type { Change, ChangeType, RecordedChange } from './change.ts';
import type { ChangeFilter } from './history.ts';

/** What goes back and forth when something flaps; each is announced by an event. */
const BACK_AND_FORTH: readonly ChangeType[] = [
  'finding_opened',
  'finding_reopened',
  'finding_resolved',
  'host_lost',
  'host_returned',
  'host_moved',
];

/** So many changes of one finding or host within so many sweeps, and it flaps: its changes are recorded, not announced. */
export const FLAPPING = { changes: 4, sweeps: 20 } as const;

/** The changes of the last sweeps that tell what flaps. `since`: when the oldest of those sweeps began. */
export function flapsSince(since: number): ChangeFilter {
  return { types: BACK_AND_FORTH, since };
}

/**
 * The changes that are worth announcing, in the same order. Of a finding that flaps, or a host that comes and goes, the
 * last change that is announced says so; what follows is recorded only, until it has kept still for so many sweeps.
 * `lately`: what `flapsSince` finds, these changes not included.
 */
export function withoutFlapping<Given extends Change>(
  changes: readonly Given[],
  lately: readonly RecordedChange[],
): Given[] {
  const counts = new Map<string, number>();
  for (const change of lately) count(counts, change);
  return changes.flatMap((change) => {
    if (!BACK_AND_FORTH.includes(change.type)) return [change];
    const so = count(counts, change);
    if (so < FLAPPING.changes) return [change];
    return so === FLAPPING.changes ? [{ ...change, summary: `${change.summary}${KEEPS_CHANGING}` }] : [];
  });
}

const KEEPS_CHANGING = '; it keeps changing, and is announced no more until it has kept still';

/** Counts the change in, and says how many there are now of its finding, or of its host. */
function count(counts: Map<string, number>, { findingId, hostId, type }: Change): number {
  const key = findingId ?? `${hostId} ${type === 'host_moved' ? 'moves' : 'comes and goes'}`;
  const so = (counts.get(key) ?? 0) + 1;
  counts.set(key, so);
  return so;
}
