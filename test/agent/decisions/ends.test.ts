import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { carryOut } from '../../../agent/decisions/carry-out.ts';
import { Ends } from '../../../agent/decisions/ends.ts';
import { decisionWorld } from '../../support/decision-world.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: SAMPLE_TIME });
});
afterEach(() => {
  vi.useRealTimers();
});

function watched() {
  const { world, clock, log, storage } = decisionWorld();
  const ended: number[] = [];
  const ends = new Ends({ ...world, now: Date.now }, () => ended.push(Date.now() - SAMPLE_TIME));
  ends.start();
  return { ends, ended, world, clock, log, storage };
}

const HOUR = 3_600_000;

it('ends what is over within five seconds, once, without a sweep', async () => {
  const { ends, ended, world } = watched();
  carryOut(
    { kind: 'ack', scope: { all: true }, until: SAMPLE_TIME + HOUR, note: null, by: null },
    'cli',
    world,
  );
  ends.renew();
  await vi.advanceTimersByTimeAsync(2 * HOUR);
  expect(ended).toHaveLength(1);
  expect(ended[0]! - HOUR).toBeLessThanOrEqual(5_000);
  ends.stop();
});

it('follows a clock that is set forward', async () => {
  const { ends, ended, world } = watched();
  carryOut({ kind: 'pause', until: SAMPLE_TIME + 24 * HOUR }, 'cli', world);
  ends.renew();
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(ended).toEqual([]);
  vi.setSystemTime(SAMPLE_TIME + 25 * HOUR);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ended).toHaveLength(1);
  ends.stop();
});

it('tries again when the database refuses', async () => {
  const { ends, ended, world, log, storage } = watched();
  carryOut({ kind: 'pause', until: SAMPLE_TIME + HOUR }, 'cli', world);
  const { set } = storage.settings;
  let refusals = 0;
  Object.assign(storage.settings, {
    set: () => {
      refusals += 1;
      throw new Error('full');
    },
  });
  await vi.advanceTimersByTimeAsync(HOUR + 20_000);
  expect(refusals).toBeGreaterThan(1);
  expect(log.lines).toContain('error what is over could not be ended; it is tried again');
  Object.assign(storage.settings, { set });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ended).toHaveLength(1);
  ends.stop();
});
