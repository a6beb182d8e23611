/** The process dies while an event is on its way from the database to the broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from './fault.ts';
import type { HomeScene } from './home-scene.ts';
import { killRounds } from './kill-rounds.ts';
import { times } from './length.ts';

const KILLS = times(110, 6);
/** From the line of the log to the broker's acknowledgement it takes some tens of milliseconds. */
const LONGEST_PUBLISH_MS = 80;

fault(
  'kill -9 while it publishes',
  {
    group: 'Process',
    done: `${KILLS} SIGKILLs, each within ${LONGEST_PUBLISH_MS} ms after a change was recorded; machines change between them`,
    holds: 'each change of a machine is announced once',
    told: /left the history open/,
    timeoutMs: KILLS * 20_000,
  },
  async (notes) => {
    const { scene } = await killRounds(KILLS, untilPublishing);
    const { arrived } = scene.alerts();
    const repeats = arrived.length - new Set(arrived.map(({ id }) => id)).size;
    notes.measured(`${KILLS} kills, ${repeats} events came more than once`);
    return scene;
  },
);

/** A change has just been recorded: its event is on its way. */
async function untilPublishing({ daemon }: HomeScene): Promise<void> {
  await daemon.says(/finding changed/, { from: daemon.log.length });
  await sleep(Math.random() * LONGEST_PUBLISH_MS);
}
