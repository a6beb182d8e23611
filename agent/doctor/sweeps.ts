import { type Check, fault, ok, unknown, warning } from './check.ts';
import type { Control, Recorded, Unit } from './doctor-world.ts';

const MINUTE_MS = 60_000;
/** A sweep itself may take some minutes, and the schedule has its jitter. */
const GRACE_MS = 10 * MINUTE_MS;

/** Does smbwarden still sweep, and is what it sees to be believed? */
export function sweepChecks(
  recorded: Recorded | null,
  { control, unit }: { readonly control: Control; readonly unit: Unit | null },
  now: number,
): Check[] {
  // Without a history there is nothing to tell, and the check of the database says why.
  if (recorded === null) return [];
  const last = recorded.lastSweep;
  if (last === null) return [unknown('last-sweep', 'none is recorded', { commands: ['smbwarden sweep'] })];
  return [ageCheck(recorded, last.finishedAt, { control, unit }, now), ...qualityChecks(last)];
}

function ageCheck(
  recorded: Recorded,
  finishedAt: number,
  { control, unit }: { readonly control: Control; readonly unit: Unit | null },
  now: number,
): Check {
  const { isPaused, schedule, sweepIntervalMinutes } = recorded;
  const what = `${ageText(now - finishedAt)} ago`;
  if (isPaused) return ok('last-sweep', `${what}; scheduled sweeps are paused`);
  if (control.kind !== 'answers') {
    return unknown('last-sweep', `${what}; without the daemon none is planned`, {
      commands: [unit?.loadState === 'loaded' ? 'systemctl start smbwarden' : 'smbwarden run'],
    });
  }
  const { nextSweepAt, status } = control.daemon;
  const late =
    schedule === null
      ? now - finishedAt > 2 * sweepIntervalMinutes * MINUTE_MS + GRACE_MS
      : nextSweepAt !== null && now - nextSweepAt > GRACE_MS;
  const cadence = schedule === null ? `every ${sweepIntervalMinutes} minutes` : `by the pattern ${schedule}`;
  if (!late || status === 'sweeping') return ok('last-sweep', `${what}, ${cadence}`);
  return fault('last-sweep', `${what}, though one is due ${cadence}: the daemon hangs, or was asleep`, {
    commands: ['journalctl -u smbwarden -n 50', 'systemctl restart smbwarden'],
  });
}

function qualityChecks({ complete, suspect }: NonNullable<Recorded['lastSweep']>): Check[] {
  return [
    ...(complete
      ? []
      : [
          warning('last-sweep', 'it was incomplete: some addresses were not settled', {
            advice:
              'Once is nothing. Where it happens again, sweep less at once (targets) or more gently (pace):',
            commands: ['smbwarden sweep --verbose'],
          }),
        ]),
    ...(suspect === null
      ? []
      : [
          warning('last-sweep', `it is not believed: ${suspect}`, {
            advice:
              'It opened and resolved nothing. Look at the link of this machine first, then sweep again:',
            commands: ['ip -s link', 'smbwarden sweep'],
          }),
        ]),
  ];
}

function ageText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / MINUTE_MS));
  if (minutes < 120) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
