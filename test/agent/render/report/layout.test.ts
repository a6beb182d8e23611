import { describe, expect, it } from 'vitest';
import { type Calendar, calendarIn, spanInWords } from '../../../../agent/render/report/calendar.ts';
import { pointAt, wedgePath } from '../../../../agent/render/report/chart-clock.ts';
import { coverageByDay } from '../../../../agent/render/report/chart-coverage.ts';
import { placeBand } from '../../../../agent/render/report/chart-tracks.ts';
import { areaPath, scaleTop, trendInWords } from '../../../../agent/render/report/chart-trend.ts';
import { changesByHour, clockInWords } from '../../../../agent/render/report/clock.ts';
import { axisOf, percentAt } from '../../../../agent/render/report/scale.ts';
import { chaptersOf } from '../../../../agent/render/report/section-changes.ts';
import { spanText } from '../../../../agent/render/report/section-coverage.ts';
import { tellingTracks } from '../../../../agent/render/report/section-hosts.ts';
import type { RecordedChange } from '../../../../domain/change.ts';
import type { Band } from '../../../../domain/timeline.ts';
import { sampleChange, sampleSummary } from '../../../support/samples.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const span = { from: 0, to: 1_000 };
const berlin: Calendar = calendarIn('Europe/Berlin', Date.UTC(2026, 10, 22));
const none = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
const band = (state: string, from = 0, to = 1_000): Band => ({ state, from, to, tone: 'neutral' });

describe('a moment', () => {
  it('is placed in percent of the span, and never beyond it', () => {
    expect([-5, 0, 333, 1_000, 1_005].map((at) => percentAt(at, span))).toEqual([0, 0, 33.3, 100, 100]);
    expect(percentAt(5, { from: 5, to: 5 })).toBe(0);
  });
});

describe('a band', () => {
  it('lies where its time lies', () => {
    expect(placeBand(band('open', 250, 750), span)).toMatchObject({ x: 25, width: 50 });
  });

  it('is never too thin to be seen, nor beyond the right edge for it', () => {
    expect(placeBand(band('open', 999, 1_000), span)).toMatchObject({ x: 99.65, width: 0.35, label: 'none' });
  });

  it('has its label only where there is room: on a phone less than on a wide screen', () => {
    const labelAt = (to: number) => placeBand(band('not required', 0, to), span).label;
    expect([100, 250, 500].map(labelAt)).toEqual(['none', 'fits-wide', 'fits']);
  });
});

describe('the tracks of a host', () => {
  const track = (name: string, state: string) => ({ name, label: name, bands: [band(state)] });

  it('are those of ports that were open, and of posture where SMB could be spoken', () => {
    const closed = [track('presence', 'there'), track('tcp/445', 'closed'), track('smb1', 'not accepted')];
    expect(tellingTracks(closed).map(({ name }) => name)).toEqual(['presence']);
    const open = [
      track('presence', 'there'),
      track('tcp/135', 'closed'),
      track('tcp/445', 'open'),
      track('smb1', 'accepted'),
    ];
    expect(tellingTracks(open).map(({ name }) => name)).toEqual(['presence', 'tcp/445', 'smb1']);
  });
});

describe('the trend', () => {
  const steps = [
    { from: 0, to: 400, counts: { ...none, high: 1, low: 2 } },
    { from: 400, to: 1_000, counts: { ...none, low: 1 } },
  ];
  const axis = { span, ticks: [] };
  const y = (number: number) => 100 - number * 10;

  it('is a stepped area above the severities that are worse', () => {
    expect(areaPath(steps, ['high'], [], axis, y)).toBe(
      'M0 90 400 90 400 100 1000 100 1000 100 400 100 400 100 0 100Z',
    );
    expect(areaPath(steps, ['low'], ['high'], axis, y)).toBe(
      'M0 70 400 70 400 90 1000 90 1000 100 400 100 400 90 0 90Z',
    );
  });

  it('is told in words too', () => {
    expect(trendInWords(steps)).toBe('Open findings: 3 at the beginning, 1 at the end, at most 3');
  });

  it('reaches up to a round number that is not far above', () => {
    expect([0, 1, 4, 5, 17, 64, 900].map(scaleTop)).toEqual([1, 1, 4, 6, 20, 80, 1_000]);
  });
});

describe('the clock', () => {
  const at = (hour: number, type: RecordedChange['type'] = 'fact_changed'): RecordedChange => ({
    id: hour,
    ...sampleChange({ at: Date.UTC(2026, 5, 10, hour), type }),
  });

  it('counts by the hours of the zone, and sets comings and goings apart', () => {
    const { lasting, passing } = changesByHour([at(1), at(1), at(23), at(5, 'host_lost')], berlin);
    expect(lasting.flatMap((number, hour) => (number > 0 ? [[hour, number]] : []))).toEqual([
      [1, 1],
      [3, 2],
    ]);
    expect(passing[7]).toBe(1);
  });

  it('leaves out what the first sweep found', () => {
    expect(
      changesByHour([at(1, 'baseline'), at(1, 'host_new')], berlin).lasting.every((each) => each === 0),
    ).toBe(true);
  });

  it('names the two hours in which most happens, midnight in between included', () => {
    const perHour = (busy: Readonly<Record<number, number>>) =>
      Array.from({ length: 24 }, (_, hour) => busy[hour] ?? 0);
    const passing = perHour({ 8: 90 });
    expect(clockInWords({ lasting: perHour({ 23: 4, 0: 3, 12: 5 }), passing })).toBe(
      'Apart from coming and going, most changes fall between 23:00 and 1:00: 7 of 12.',
    );
    expect(clockInWords({ lasting: perHour({ 4: 7 }), passing })).toBe(
      'Too few changes so far to see a pattern.',
    );
    expect(clockInWords({ lasting: perHour({}), passing })).toBe(
      'Hosts came and went; nothing else changed.',
    );
    expect(clockInWords({ lasting: perHour({}), passing: perHour({}) })).toBe('Nothing changed.');
  });

  it('begins at the top and runs clockwise', () => {
    expect([0, 90, 180, 270].map((degrees) => pointAt(degrees, 10))).toEqual([
      [110, 100],
      [120, 110],
      [110, 120],
      [100, 110],
    ]);
    expect(wedgePath(6, 38, 86)).toMatch(/^M[\d.]+ [\d.]+L[\d.]+ [\d.]+A86 86 0 0 1 .+A38 38 0 0 0 .+Z$/);
  });
});

describe('the calendar', () => {
  it('knows days of 23 and of 25 hours', () => {
    const hoursOf = (from: number, to: number) =>
      berlin.daysOf({ from, to }).map((day) => (day.to - day.from) / HOUR);
    const spring = Date.UTC(2026, 2, 27, 23);
    expect(hoursOf(spring, spring + 71 * HOUR)).toEqual([24, 23, 24]);
    const autumn = Date.UTC(2026, 9, 23, 22);
    expect(hoursOf(autumn, autumn + 73 * HOUR)).toEqual([24, 25, 24]);
  });

  it('cuts the first and the last day to the span', () => {
    const from = Date.UTC(2026, 10, 20, 12);
    expect(berlin.daysOf({ from, to: from + DAY }).map((day) => (day.to - day.from) / HOUR)).toEqual([
      11, 13,
    ]);
  });

  it('names moments as the clock on the wall shows them', () => {
    const at = Date.UTC(2026, 10, 21, 23, 5);
    expect([
      berlin.moment(at),
      berlin.longDay(at),
      berlin.fullDate(at),
      berlin.dateOf(at),
      berlin.hourOf(at),
    ]).toEqual(['22 Nov, 00:05', 'Sunday, 22 November', '22 November 2026', '2026-11-22', 0]);
  });
});

it('tells the year of a moment where it is not this one', () => {
  const at = Date.UTC(2025, 10, 21, 22, 5);
  expect([berlin.moment(at), berlin.longDay(at)]).toEqual(['21 Nov 2025, 23:05', 'Friday, 21 November 2025']);
});

describe('a span in words', () => {
  it.each([
    ['2026-11-21T10:00Z', '2026-11-21T20:00Z', '21 November 2026'],
    ['2026-10-23T10:00Z', '2026-11-21T20:00Z', '23 October to 21 November 2026'],
    ['2026-12-30T10:00Z', '2027-01-02T20:00Z', '30 December 2026 to 2 January 2027'],
  ])('from %s to %s is %s', (from, to, words) => {
    expect(spanInWords({ from: Date.parse(from), to: Date.parse(to) }, berlin)).toBe(words);
  });
});

describe('the axis', () => {
  const ticksOf = (days: number) =>
    axisOf({ from: Date.UTC(2026, 5, 10), to: Date.UTC(2026, 5, 10) + days * DAY }, berlin).ticks;

  it.each([0.01, 0.2, 1, 2.5, 4, 10, 30, 365, 900])(
    'of %f days has at most five labels, none at an edge',
    (days) => {
      const places = ticksOf(days).map(({ x }) => x);
      expect(places.length).toBeLessThanOrEqual(5);
      expect(places.every((x) => x > 8 && x < 92)).toBe(true);
      expect(places.every((x, i) => i === 0 || x - (places[i - 1] ?? 0) > 12)).toBe(true);
    },
  );

  it('has hours on short spans and days on long ones', () => {
    expect(ticksOf(1).map(({ label }) => label)).toEqual(['06:00', '12:00', '18:00', '11 Jun']);
    expect(ticksOf(30).map(({ label }) => label)).toEqual(['14 Jun', '20 Jun', '26 Jun', '2 Jul']);
  });
});

describe('the coverage of a day', () => {
  it('counts complete and partial sweeps, and its share of what was missed', () => {
    const sweep = (startedAt: number, overrides = {}) => ({
      id: 1,
      ...sampleSummary({ startedAt, ...overrides }),
    });
    const days = [
      { from: 0, to: DAY },
      { from: DAY, to: 2 * DAY },
    ];
    const sweeps = [
      sweep(0),
      sweep(HOUR, { complete: false }),
      sweep(2 * HOUR, { suspect: 'all silent' }),
      sweep(3 * HOUR, { kind: 'check' }),
    ];
    const gaps = [{ from: 22 * HOUR, to: 26 * HOUR, missed: 3 }];
    expect(coverageByDay(days, sweeps, { everyMs: HOUR, gaps })).toEqual([
      { from: 0, to: DAY, complete: 1, partial: 2, missed: 1 },
      { from: DAY, to: 2 * DAY, complete: 0, partial: 0, missed: 2 },
    ]);
  });

  it('says how long in the largest two units', () => {
    const texts = [60_000, 15 * 60_000, 60 * 60_000, 7.75 * HOUR, 2 * DAY + 4 * HOUR].map(spanText);
    expect(texts).toEqual(['1 minute', '15 minutes', '1 h', '7 h 45 min', '2 d 4 h']);
  });
});

describe('the change log', () => {
  const change = (day: number, type: RecordedChange['type']): RecordedChange => ({
    id: day,
    ...sampleChange({ at: Date.UTC(2026, 5, day, 12), type }),
  });

  it('puts days together on which hosts came and went and nothing else changed', () => {
    const changes = [
      change(9, 'host_lost'),
      change(8, 'host_returned'),
      change(7, 'fact_changed'),
      change(6, 'host_lost'),
    ];
    const chapters = chaptersOf(changes, berlin).map(({ days }) => days.flat().map(({ id }) => id));
    expect(chapters).toEqual([[9, 8], [7], [6]]);
  });
});
