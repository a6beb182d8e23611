import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangingSchedule, isCronPattern, type Rhythm, Schedule } from '../../agent/schedule.ts';
import { recordingLog } from '../support/publisher-parts.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const MINUTE = 60_000;
const EVERY_15: Rhythm = { kind: 'interval', minutes: 15 };

/** A running schedule and the times at which sweeps were due, in milliseconds after the start. */
function scheduled(options: { rhythm?: Rhythm; lastSweepAt?: number | null; random?: () => number } = {}) {
  const due: number[] = [];
  const log = recordingLog();
  const schedule = new Schedule({
    rhythm: options.rhythm ?? EVERY_15,
    lastSweepAt: options.lastSweepAt ?? null,
    onDue: () => due.push(Date.now() - SAMPLE_TIME),
    log,
    now: Date.now,
    monotonic: () => performance.now(),
    random: options.random ?? (() => 0),
  });
  schedule.start();
  running.push(schedule);
  return { schedule, due, log };
}

const running: { stop(): void }[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: SAMPLE_TIME });
});

afterEach(() => {
  for (const schedule of running.splice(0)) schedule.stop();
  vi.useRealTimers();
});

describe('a schedule by interval', () => {
  it('begins soon after the first start, and then every so many minutes', async () => {
    const { due } = scheduled();
    await vi.advanceTimersByTimeAsync(46 * MINUTE);
    expect(due).toHaveLength(4);
    expect(due[0]).toBeLessThan(10_000);
    const gaps = due.slice(1).map((at, i) => at - (due[i] ?? 0));
    for (const gap of gaps) expect(Math.abs(gap - 15 * MINUTE)).toBeLessThanOrEqual(5_000);
  });

  it('keeps the interval over a restart', async () => {
    const { schedule, due } = scheduled({ lastSweepAt: SAMPLE_TIME - 5 * MINUTE });
    expect(schedule.nextAt()).toBe(SAMPLE_TIME + 10 * MINUTE);
    await vi.advanceTimersByTimeAsync(9 * MINUTE);
    expect(due).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(due).toHaveLength(1);
  });

  it('catches up once, however many sweeps were missed', async () => {
    const { due } = scheduled({ lastSweepAt: SAMPLE_TIME - 24 * 60 * MINUTE });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toHaveLength(1);
  });

  it('lets agents that were switched on together drift apart by up to a tenth', () => {
    const at = (random: number) =>
      scheduled({ lastSweepAt: SAMPLE_TIME, random: () => random }).schedule.nextAt();
    expect(at(0)).toBe(SAMPLE_TIME + 15 * MINUTE);
    expect(at(1)).toBe(SAMPLE_TIME + 16.5 * MINUTE);
  });

  it('does not wait for years when the clock was wrong before', async () => {
    const { due } = scheduled({ lastSweepAt: SAMPLE_TIME + 365 * 24 * 60 * MINUTE });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toHaveLength(1);
  });

  it('notices that the clock was set back while it waits', async () => {
    const { schedule, due } = scheduled({ lastSweepAt: SAMPLE_TIME });
    vi.setSystemTime(SAMPLE_TIME - 24 * 60 * MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect((schedule.nextAt() ?? 0) - Date.now()).toBeLessThanOrEqual(15 * MINUTE);
    await vi.advanceTimersByTimeAsync(16 * MINUTE);
    expect(due).toHaveLength(1);
  });

  it('does not wait longer than the interval when the clock was set back by a little', async () => {
    const { due } = scheduled({ lastSweepAt: SAMPLE_TIME });
    vi.setSystemTime(SAMPLE_TIME - 10 * MINUTE);
    await vi.advanceTimersByTimeAsync(16 * MINUTE);
    expect(due).toHaveLength(1);
  });

  it('sweeps once after the machine has slept for hours, and says so', async () => {
    const { due, log } = scheduled({ lastSweepAt: SAMPLE_TIME });
    vi.setSystemTime(SAMPLE_TIME + 8 * 60 * MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toHaveLength(1);
    expect(log.lines).toEqual([
      'warn the clock was set, or the machine has slept: a sweep that was missed is made up for once',
    ]);
  });

  it('is silent once it is stopped', async () => {
    const { schedule, due } = scheduled();
    schedule.stop();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(due).toEqual([]);
  });
});

describe('a schedule by cron pattern', () => {
  it('begins when the pattern says, at most half a minute late', async () => {
    const { due } = scheduled({ rhythm: { kind: 'cron', pattern: '*/30 * * * *' } });
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(due).toHaveLength(2);
    for (const at of due) {
      const late = (SAMPLE_TIME + at) % (30 * MINUTE);
      expect(late).toBeLessThan(32_000);
    }
  });

  it('says when the next sweep is', () => {
    const { schedule } = scheduled({ rhythm: { kind: 'cron', pattern: '0 * * * *' } });
    expect(schedule.nextAt()).toBe(Date.UTC(2026, 10, 21, 23, 0, 0));
  });
});

describe('a pattern when the clock is set', () => {
  const AT_THREE: Rhythm = { kind: 'cron', pattern: '0 3 * * *' };

  it('makes up once for what was named while the machine slept', async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 21, 22, 0));
    const { due } = scheduled({ rhythm: AT_THREE });
    vi.setSystemTime(Date.UTC(2026, 10, 24, 7, 0));
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toHaveLength(1);
  });

  it('does not sweep for nothing when the machine has slept through no named minute', async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 21, 4, 0));
    const { due } = scheduled({ rhythm: AT_THREE });
    vi.setSystemTime(Date.UTC(2026, 10, 21, 20, 0));
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toEqual([]);
  });

  it('makes up after a restart for what was named while the daemon was stopped', async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 21, 9, 0));
    const { due } = scheduled({ rhythm: AT_THREE, lastSweepAt: Date.UTC(2026, 10, 20, 3, 0) });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toHaveLength(1);
  });

  it('sweeps at the named hour of the day to which the clock was set back', async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 21, 4, 0));
    const { due } = scheduled({ rhythm: AT_THREE });
    vi.setSystemTime(Date.UTC(1970, 0, 2, 2, 59));
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(due).toHaveLength(1);
  });

  it('does not sweep again when the clock is set back by a few seconds', async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 21, 2, 59, 50));
    const { due } = scheduled({ rhythm: AT_THREE });
    await vi.advanceTimersByTimeAsync(20_000);
    vi.setSystemTime(Date.UTC(2026, 10, 21, 2, 59, 45));
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(due).toHaveLength(1);
  });
});

describe('a pattern on the days on which summer time begins and ends', () => {
  const before = process.env.TZ;
  beforeEach(() => {
    process.env.TZ = 'Europe/Berlin';
  });
  afterEach(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  /** Local times, of summer or winter, at which a pattern was due from `from` on for so many hours. */
  async function dueFrom(pattern: string, from: number, hours: number): Promise<string[]> {
    vi.setSystemTime(from);
    const { due } = scheduled({ rhythm: { kind: 'cron', pattern } });
    await vi.advanceTimersByTimeAsync(hours * 60 * MINUTE);
    return due.map((after) => new Date(SAMPLE_TIME + after).toISOString().slice(11, 16));
  }

  it('sweeps once in the hour that is repeated, if it names the hour', async () => {
    expect(await dueFrom('30 2 * * *', Date.UTC(2026, 9, 24, 23, 30), 6)).toEqual(['00:30']);
  });

  it('does not pause in the hour that is repeated, if it names none', async () => {
    const due = await dueFrom('*/30 * * * *', Date.UTC(2026, 9, 24, 23, 40), 3);
    expect(due).toEqual(['00:00', '00:30', '01:00', '01:30', '02:00', '02:30']);
  });

  it('sweeps right after the hour that is skipped, if it names that', async () => {
    expect(await dueFrom('30 2 * * *', Date.UTC(2027, 2, 28, 0, 20), 6)).toEqual(['01:00']);
  });

  it('keeps to the clocks of the new time the day after', async () => {
    expect(await dueFrom('30 4 * * *', Date.UTC(2027, 2, 28, 0, 20), 30)).toEqual(['02:30', '02:30']);
  });
});

describe('a schedule that may change', () => {
  function changing() {
    const due: number[] = [];
    const last = { at: SAMPLE_TIME as number | null };
    const schedule = new ChangingSchedule({
      lastSweepAt: () => last.at,
      onDue: () => due.push(Date.now() - SAMPLE_TIME),
      log: recordingLog(),
      now: Date.now,
      monotonic: () => performance.now(),
      random: () => 0,
    });
    running.push(schedule);
    return { schedule, due, last };
  }

  it('follows another interval at once, counted from the last sweep', async () => {
    const { schedule } = changing();
    schedule.follow(EVERY_15);
    expect(schedule.nextAt()).toBe(SAMPLE_TIME + 15 * MINUTE);
    schedule.follow({ kind: 'interval', minutes: 60 });
    expect(schedule.nextAt()).toBe(SAMPLE_TIME + 60 * MINUTE);
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
    schedule.follow({ kind: 'interval', minutes: 5 });
    expect(schedule.nextAt()).toBeLessThan(Date.now() + MINUTE);
  });

  it('is not disturbed by the same rhythm again', async () => {
    const { schedule, due } = changing();
    schedule.follow(EVERY_15);
    await vi.advanceTimersByTimeAsync(16 * MINUTE);
    expect(due).toHaveLength(1);
    const next = schedule.nextAt();
    schedule.follow({ kind: 'interval', minutes: 15 });
    expect(schedule.nextAt()).toBe(next);
  });

  it('is silent while it is held, and catches up with one sweep afterwards', async () => {
    const { schedule, due } = changing();
    schedule.follow(EVERY_15);
    schedule.follow(null);
    expect(schedule.nextAt()).toBeNull();
    await vi.advanceTimersByTimeAsync(120 * MINUTE);
    expect(due).toEqual([]);
    schedule.follow(EVERY_15);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(due).toHaveLength(1);
  });

  it('can be held when nothing ran yet, and when it follows a cron pattern', async () => {
    const { schedule, due } = changing();
    schedule.follow(null);
    schedule.follow({ kind: 'cron', pattern: '*/30 * * * *' });
    schedule.follow(null);
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(due).toEqual([]);
  });
});

describe('a cron pattern', () => {
  it.each(['30 3 * * *', '*/15 * * * *', '0 8-20/2 * * 1-5'])('may be "%s"', (pattern) => {
    expect(isCronPattern(pattern)).toBe(true);
  });

  it.each(['', 'hourly', '* * * *', '*/5 * * * * *', '61 3 * * *'])('may not be "%s"', (pattern) => {
    expect(isCronPattern(pattern)).toBe(false);
  });
});
