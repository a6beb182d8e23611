import { fragility } from './fragile.ts';
import type { HostRecord } from './host.ts';
import type { Level } from './level.ts';
import { lastLookAt } from './owners-hosts.ts';

/** Why a host is not asked as deeply as the others, or deeper than them. */
export interface Held {
  readonly level: Level;
  /** `looks like a printer by its mDNS services`, `asleep by the owner's wish`. */
  readonly why: string;
  /** For a host that is left asleep: when it was last looked at, milliseconds UTC; what is known of it is of then. */
  readonly lastAskedAt: number | null;
}

/**
 * The level at which a host is held, or null for the general one. `vendor` is the maker of its network card, null where it
 * is not known.
 */
export function heldAt(host: HostRecord, vendor: string | null): Held | null {
  if (host.isAgent) return null;
  const { letSleep = false, levels = null } = host.ownersWord ?? {};
  if (letSleep !== false || levels === 'L0') {
    const looks = typeof letSleep === 'object' ? `, but for ${looksInWords(letSleep)}` : '';
    return { level: 'L0', why: `asleep by the owner's wish${looks}`, lastAskedAt: lastLookAt(host) };
  }
  if (levels !== null) return { level: levels, why: "the owner's wish", lastAskedAt: null };
  const spared = fragility(host.facts, vendor);
  return spared === null ? null : { level: spared.deepest, why: spared.why, lastAskedAt: null };
}

function looksInWords({ timesADay, between }: { timesADay: number; between: string }): string {
  const [start, end] = between.split('-');
  return `${timesADay === 1 ? 'one look' : `${timesADay} looks`} a day between ${start} and ${end}`;
}
