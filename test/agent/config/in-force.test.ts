import { describe, expect, it } from 'vitest';
import { configInForce, pauseOf, pauseSetting, setAtRunTime } from '../../../agent/config/in-force.ts';
import { parseConfig } from '../../../agent/config.ts';
import type { SettingName } from '../../../domain/history.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

function settings(values: Partial<Record<SettingName, string>>) {
  return { get: (name: SettingName) => values[name] ?? null };
}

describe('what was set at run time', () => {
  const config = parseConfig('schedule: "0 * * * *"\nalertThreshold: low', 'x');

  it('wins over the configuration, and an interval over a cron pattern', () => {
    const set = settings({ sweep_interval: '30', alert_threshold: 'high' });
    expect(configInForce(config, set)).toEqual({
      ...config,
      schedule: null,
      sweepInterval: 30,
      alertThreshold: 'high',
    });
  });

  it('leaves alone what it does not name', () => {
    expect(configInForce(config, settings({}))).toEqual(config);
    expect(configInForce(config, settings({ alert_threshold: 'high' }))).toMatchObject({
      schedule: '0 * * * *',
      alertThreshold: 'high',
    });
  });

  it.each([
    { sweep_interval: '' },
    { sweep_interval: '4' },
    { sweep_interval: '1e9' },
    { alert_threshold: 'loud' },
  ])('is passed over where it makes no sense: %j', (values) => {
    expect(setAtRunTime(settings(values))).toEqual({});
  });
});

describe('a pause', () => {
  const kept = (until: number | null) => settings({ sweeps_enabled: pauseSetting({ until }) });

  it('holds without an end, or until its end', () => {
    expect(pauseOf(kept(null), SAMPLE_TIME)).toEqual({ until: null });
    expect(pauseOf(kept(SAMPLE_TIME + 1), SAMPLE_TIME)).toEqual({ until: SAMPLE_TIME + 1 });
    expect(pauseOf(kept(SAMPLE_TIME), SAMPLE_TIME)).toBeNull();
  });

  it('is none where nothing, or nothing that makes sense, is kept', () => {
    expect(pauseOf(settings({}), SAMPLE_TIME)).toBeNull();
    for (const value of ['ON', 'OFF until ', 'OFF until doomsday'])
      expect(pauseOf(settings({ sweeps_enabled: value }), SAMPLE_TIME)).toBeNull();
  });
});
