import { ASPECTS, factAspect, type Tone } from './aspect.ts';
import type { Change } from './change.ts';
import { isServiceKey } from './facts.ts';
import type { FactInterval } from './history.ts';
import type { HostRecord } from './host.ts';
import { aspectRuns, presenceRuns, type Run } from './runs.ts';

/** One line of a host's timeline. */
export interface Track {
  /** `presence`, `smb1`, `signing`, `encryption`, `guest`, or the key of a service: `tcp/445`. */
  readonly name: string;
  /** For people: `SMB signing`, `TCP 445`. */
  readonly label: string;
  /** Oldest first, without overlap. Where there is none, nothing is known. */
  readonly bands: readonly Band[];
}

/** A state that held from `from` until `to`, milliseconds UTC. */
export interface Band {
  readonly from: number;
  readonly to: number;
  /** Words for people, harmless: `open`, `not required`. */
  readonly state: string;
  readonly tone: Tone;
}

/** What the timeline of a host is drawn from. */
export interface HostHistory {
  readonly host: HostRecord;
  /** Every interval of its facts, in any order. */
  readonly intervals: readonly FactInterval[];
  /** Its changes, in any order; those before the span may be missing. */
  readonly changes: readonly Change[];
}

const POSTURE = ['smb1', 'signing', 'encryption', 'guest'];

/**
 * The timeline of one host within a span: presence, then each service by transport and port, then the posture of SMB.
 * Bands are cut to the span, `to` not included; tracks without any band are left out. What a host was last known to be
 * goes on while it is away: lay presence over it.
 */
export function timelineOf(
  { host, intervals, changes }: HostHistory,
  span: { readonly from: number; readonly to: number },
): readonly Track[] {
  const services = [...new Set(intervals.map(({ name }) => name))].filter(isServiceKey).sort(byNumber);
  const aspects = [...services.map(factAspect), ...ASPECTS.filter(({ name }) => POSTURE.includes(name))];
  const presence = presenceRuns(host, changes).map((run) => ({ ...run, ...PRESENCE[run.value] }));
  return [
    { name: 'presence', label: 'presence', bands: bandsOf(presence, span) },
    ...aspects.map((aspect) => ({
      name: aspect.name,
      label: aspect.label,
      bands: bandsOf(
        aspectRuns(aspect, intervals).map((run) => ({
          ...run,
          state: aspect.inWords(run.value),
          tone: aspect.toneOf(run.value),
        })),
        span,
      ),
    })),
  ].filter(({ bands }) => bands.length > 0);
}

const PRESENCE = {
  there: { state: 'there', tone: 'neutral' },
  away: { state: 'away', tone: 'unknown' },
} as const;

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function bandsOf(
  runs: readonly (Run<unknown> & Pick<Band, 'state' | 'tone'>)[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly Band[] {
  return runs
    .map(({ since, until, state, tone }) => ({
      from: Math.max(since, from),
      to: Math.min(until ?? to, to),
      state,
      tone,
    }))
    .filter((band) => band.from < band.to);
}
