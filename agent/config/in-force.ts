import { SEVERITIES, type Severity } from '../../domain/finding.ts';
import type { Settings } from '../../domain/history.ts';
import { isSweepInterval } from '../../domain/owner-command.ts';
import type { Config } from '../config.ts';

/** What counts now: the configuration, and above it what the owner has set at run time. */

/** What was set at run time, by the names of the configuration keys; a key that is missing was not. */
export interface SetAtRunTime {
  readonly sweepInterval?: number;
  readonly alertThreshold?: Severity;
}

/** Scheduled sweeps are held. */
export interface Pause {
  /** When they go on by themselves, milliseconds UTC; null: when the owner says so. */
  readonly until: number | null;
}

/** What was set at run time. A value that is none is passed over, as if it were not there. */
export function setAtRunTime(settings: Pick<Settings, 'get'>): SetAtRunTime {
  const minutes = Number(settings.get('sweep_interval') ?? Number.NaN);
  const severity = SEVERITIES.find((each) => each === settings.get('alert_threshold'));
  return {
    ...(isSweepInterval(minutes) ? { sweepInterval: minutes } : {}),
    ...(severity === undefined ? {} : { alertThreshold: severity }),
  };
}

/** The configuration with what was set at run time in place. An interval wins over a cron pattern. */
export function configInForce(config: Config, settings: Pick<Settings, 'get'>): Config {
  const set = setAtRunTime(settings);
  return { ...config, ...set, ...(set.sweepInterval === undefined ? {} : { schedule: null }) };
}

const HELD = 'OFF';
const HELD_UNTIL = `${HELD} until `;

/** Whether scheduled sweeps are held at the moment `now` (milliseconds UTC); null: they are not. */
export function pauseOf(settings: Pick<Settings, 'get'>, now: number): Pause | null {
  const value = settings.get('sweeps_enabled');
  if (value === HELD) return { until: null };
  if (value === null || !value.startsWith(HELD_UNTIL)) return null;
  const until = Date.parse(value.slice(HELD_UNTIL.length));
  return until > now ? { until } : null;
}

/** How `pauseOf` finds a pause again: the value of the setting `sweeps_enabled`. */
export function pauseSetting({ until }: Pause): string {
  return until === null ? HELD : `${HELD_UNTIL}${new Date(until).toISOString()}`;
}
