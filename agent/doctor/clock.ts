import { type Check, fault, ok, unknown, warning } from './check.ts';
import type { DoctorWorld, Recorded } from './doctor-world.ts';

/** Nobody can run this version before it was written. */
const EARLIEST = Date.UTC(2026, 0, 1);
const MOST_AHEAD_MS = 60_000;

/** Is the clock kept right, and does it stand after everything that is recorded? */
export async function clockCheck(
  world: Pick<DoctorWorld, 'clockIsSynchronised' | 'now'>,
  recorded: Recorded | null,
): Promise<Check> {
  const now = world.now();
  const at = iso(now);
  const mend = {
    advice: 'Findings and events would bear the wrong time. Let the clock be kept:',
    commands: ['timedatectl set-ntp true', 'timedatectl timesync-status'],
  };
  if (now < EARLIEST) return fault('clock', `it stands at ${at}, before this version was written`, mend);
  const lastAt = recorded?.lastSweep?.finishedAt ?? null;
  if (lastAt !== null && lastAt > now + MOST_AHEAD_MS) {
    return fault(
      'clock',
      `it stands at ${at}, but the last sweep is recorded at ${iso(lastAt)}: it has jumped`,
      mend,
    );
  }
  const synchronised = await world.clockIsSynchronised();
  if (synchronised === null) return unknown('clock', `${at}; nobody here tells whether it is synchronised`);
  return synchronised
    ? ok('clock', `${at}, synchronised`)
    : warning('clock', `${at}, not synchronised`, mend);
}

function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
