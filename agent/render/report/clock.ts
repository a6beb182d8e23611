import type { ChangeType, RecordedChange } from '../../../domain/change.ts';
import type { Calendar } from './calendar.ts';

const HOURS = 24;
const COMINGS_AND_GOINGS: readonly ChangeType[] = ['host_returned', 'host_lost'];

/** With fewer changes than these an hour with most of them says nothing. */
const FEWEST_FOR_A_PATTERN = 8;

/** How many changes fell into each hour of the day: 24 numbers each, from midnight on. */
export interface HoursOfDay {
  /** Hosts that came and went. */
  readonly passing: readonly number[];
  /** Everything else: findings, services, facts, new hosts. */
  readonly lasting: readonly number[];
}

/** Did the change only say that a known host is there again, or there no longer? */
export function isPassing({ type }: Pick<RecordedChange, 'type'>): boolean {
  return COMINGS_AND_GOINGS.includes(type);
}

/**
 * The changes by hour of the day. What a first sweep found is left out: it says when smbwarden was started, and not when
 * anything changed.
 */
export function changesByHour(changes: readonly RecordedChange[], calendar: Calendar): HoursOfDay {
  const since = withoutFirstSight(changes);
  return {
    passing: perHour(since.filter(isPassing), calendar),
    lasting: perHour(
      since.filter((change) => !isPassing(change)),
      calendar,
    ),
  };
}

function perHour(changes: readonly RecordedChange[], calendar: Calendar): readonly number[] {
  const numbers = Array.from({ length: HOURS }, () => 0);
  for (const { at } of changes) {
    const hour = calendar.hourOf(at);
    numbers[hour] = (numbers[hour] ?? 0) + 1;
  }
  return numbers;
}

/** The changes without those of a first sweep. */
export function withoutFirstSight(changes: readonly RecordedChange[]): readonly RecordedChange[] {
  const first = new Set(changes.filter(({ type }) => type === 'baseline').map(({ at }) => at));
  return changes.filter(({ at }) => !first.has(at));
}

/** The two hours in a row in which most changes fall, comings and goings aside; a sentence or two. */
export function clockInWords({ passing, lasting }: HoursOfDay): string {
  const total = sum(lasting);
  if (total === 0)
    return sum(passing) === 0 ? 'Nothing changed.' : 'Hosts came and went; nothing else changed.';
  if (total < FEWEST_FOR_A_PATTERN) return 'Too few changes so far to see a pattern.';
  const pairs = lasting.map((number, hour) => number + (lasting[(hour + 1) % HOURS] ?? 0));
  const most = Math.max(...pairs);
  const busiest = pairs.indexOf(most);
  return `Apart from coming and going, most changes fall between ${busiest}:00 and ${(busiest + 2) % HOURS}:00: ${most.toLocaleString('en')} of ${total.toLocaleString('en')}.`;
}

/** The sum of `numbers`. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
