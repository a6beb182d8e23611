import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { watchdogIntervalMs } from '../../agent/notify.ts';
import { ailment, type Signs, Watchdog } from '../../agent/watchdog.ts';

const WELL: Signs = { lagMs: 3, sweep: null, refusal: null };

describe('the watchdog', () => {
  test('finds nothing wrong with an idle daemon, nor with a sweep that is past its deadline by a little', () => {
    expect(ailment(WELL)).toBeNull();
    expect(ailment({ ...WELL, lagMs: 4_999 })).toBeNull();
    expect(ailment({ ...WELL, sweep: { deadlineMs: 120_000, ageMs: 240_000 } })).toBeNull();
  });

  test('names the event loop, the sweep or the database that does not get on', () => {
    expect(ailment({ ...WELL, lagMs: 5_000 })).toBe('the event loop was late by 5000 ms');
    expect(ailment({ ...WELL, sweep: { deadlineMs: 120_000, ageMs: 240_001 } })).toBe(
      'a sweep has been under way for 240 s',
    );
    expect(ailment({ ...WELL, refusal: 'record a sweep: locked' })).toBe(
      'the database refused the last sweep: record a sweep: locked',
    );
  });

  test('pings while all is well, is silent and says why while a sweep is stuck, and pings again afterwards', async () => {
    const { ping, errors, signs } = watching();
    await vi.waitFor(() => expect(ping.mock.calls.length).toBeGreaterThan(2));
    signs.sweep = { deadlineMs: 1, ageMs: 3_000 };
    await vi.waitFor(() => expect(errors).toContain('a sweep has been under way for 3 s'));
    const pinged = ping.mock.calls.length;
    const said = errors.length;
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(said + 1));
    expect(ping.mock.calls.length).toBe(pinged);
    signs.sweep = null;
    await vi.waitFor(() => expect(ping.mock.calls.length).toBeGreaterThan(pinged));
  });

  test('withholds one ping after the loop stood still for five seconds, and not the next', async () => {
    const clock = { behind: 0 };
    const { ping, errors } = watching(() => performance.now() + clock.behind);
    await vi.waitFor(() => expect(ping).toHaveBeenCalled());
    clock.behind = 6_000;
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatch(/^the event loop was late by (59|60)\d\d ms$/);
    const pinged = ping.mock.calls.length;
    await vi.waitFor(() => expect(ping.mock.calls.length).toBeGreaterThan(pinged));
    expect(errors).toHaveLength(1);
  });

  test('says nothing once it is stopped', async () => {
    const { ping, watchdog } = watching();
    await vi.waitFor(() => expect(ping).toHaveBeenCalled());
    watchdog.stop();
    ping.mockClear();
    await sleep(60);
    expect(ping).not.toHaveBeenCalled();
  });
});

test('looks three times within the time that systemd waits, and not at all when it does not watch', () => {
  expect(watchdogIntervalMs({ WATCHDOG_USEC: '30000000' })).toBe(10_000);
  expect(watchdogIntervalMs({})).toBeNull();
  expect(watchdogIntervalMs({ WATCHDOG_USEC: '0' })).toBeNull();
  expect(watchdogIntervalMs({ WATCHDOG_USEC: 'often' })).toBeNull();
});

/** A watchdog that looks every 10 ms at signs which the test changes. */
function watching(monotonic = () => performance.now()) {
  const signs: { sweep: Signs['sweep']; refusal: string | null } = { sweep: null, refusal: null };
  const ping = vi.fn();
  const errors: string[] = [];
  const silent = () => {};
  const error = (fields: object) => errors.push((fields as { reason: string }).reason);
  const log = { debug: silent, info: silent, warn: silent, error };
  const watchdog = new Watchdog({ everyMs: 10, monotonic, look: () => signs, ping, log });
  onTestFinished(() => watchdog.stop());
  return { watchdog, signs, ping, errors };
}
