import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/build-lab.ts';
import { buildCrowdedHome, type Place, preparePlace } from './crowded-home.ts';
import { missingInLab } from './in-lab.ts';
import { MeasuredDaemon, memoryOf, unitFlags } from './measured-daemon.ts';
import type { Measured, Section } from './section.ts';

/** The promises of the design. */
const MOST_IDLE_MB = 65;
const MOST_OWN_MB = 25;
const MOST_EVER_MB = 80;
/** Until the broker has been told everything and the start has been tidied up. */
const IDLE_AFTER_MS = 6_000;
const SETTLED_AFTER_MS = 1_000;

/** What the daemon takes of the memory: started, connected and idle, and when it has swept and swept. */
export const memorySection: Section = {
  name: 'memory',
  about:
    'memory of the daemon with the options of the unit, connected to Mosquitto, in a /24 with 50 Sambas (a small run: 8)',
  missing: missingInLab,
  async run({ quick, say }) {
    const lab = await buildCrowdedHome(quick ? 8 : 50);
    try {
      const place = await preparePlace(lab, 'memory');
      await fillHistory(lab, place);
      const daemon = await MeasuredDaemon.start(lab, place, unitFlags());
      try {
        return await measure(daemon, quick ? 2 : 200, say);
      } finally {
        await daemon.stop();
      }
    } finally {
      await lab.close();
    }
  },
};

/** A first sweep asks everything there is; a daemon that is restarted finds that in its history. */
async function fillHistory(lab: Lab, place: Place): Promise<void> {
  const daemon = await MeasuredDaemon.start(lab, place, unitFlags());
  await daemon.isConnected();
  await daemon.sweep();
  await delay(SETTLED_AFTER_MS);
  await daemon.stop();
}

async function measure(
  daemon: MeasuredDaemon,
  sweeps: number,
  say: (text: string) => void,
): Promise<Measured[]> {
  await daemon.isConnected();
  await delay(IDLE_AFTER_MS);
  const idle = memoryOf(daemon.pid);
  for (let sweep = 1; sweep <= sweeps; sweep += 1) {
    if (sweep % 10 === 0) say(`sweep ${sweep} of ${sweeps}, ${memoryOf(daemon.pid).rss.toFixed(1)} MB`);
    await daemon.sweep();
    await delay(SETTLED_AFTER_MS);
  }
  const after = memoryOf(daemon.pid);
  const row = (what: string, value: number, most: number | null): Measured => ({
    what,
    value,
    unit: 'MB',
    most,
  });
  return [
    row('idle after a start, all (RSS)', idle.rss, MOST_IDLE_MB),
    row("idle after a start, the daemon's own (RssAnon)", idle.rssAnon, MOST_OWN_MB),
    row(`after ${sweeps} sweeps, all (RSS)`, after.rss, null),
    row(`after ${sweeps} sweeps, the daemon's own (RssAnon)`, after.rssAnon, MOST_OWN_MB),
    row(`the most there ever was in ${sweeps} sweeps (VmHWM)`, after.highWater, MOST_EVER_MB),
  ];
}
