import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Measured, MOST_STANDING, type PhaseResult, type Swept } from './phase.ts';
import { fastHosts, LIMITS, wholeLab } from './phases.ts';
import { complaints, reportText, writeSection } from './report.ts';

const IDLE = { rssKb: 60_000, anonKb: 20_000, peakKb: 61_000, threads: 11, descriptors: 29 };

/** 500 measurements over 5,000 sweeps; `at` says in what a measurement differs from being idle. */
function result(
  at: (sweep: number) => Partial<Measured> = () => ({}),
  failures: readonly string[] = [],
): PhaseResult {
  const space = { usedBytes: 200_000, walBytes: 3_000_000, rows: { changes: 10 } };
  const measured = Array.from({ length: 500 }, (_, i) => {
    const sweep = 10 * (i + 1);
    return { ...IDLE, sweep, space, recordedEvents: 3, ...at(sweep) };
  });
  const swept: Swept[] = measured.map(({ sweep }) => ({
    sweep,
    quiet: true,
    wallMs: 400,
    cpuMs: 20,
    changes: [],
    complete: true,
    suspect: null,
    datagrams: 4,
    connections: 12,
  }));
  return {
    plan: fastHosts(5_000),
    idle: IDLE,
    measured,
    swept,
    answersAfterMs: [3],
    altered: new Map([['a host is switched off', 7]]),
    comparisons: 21,
    failures,
    tookMs: 3_000_000,
  };
}

function wrong(...given: Parameters<typeof result>): string[] {
  return complaints([{ result: result(...given), limits: LIMITS.fastHosts }]);
}

describe('a soak', () => {
  it('that stays where it is has no complaints', () => {
    expect(wrong()).toEqual([]);
  });

  it('complains of each thing that grows', () => {
    const leak = (sweep: number) => ({
      descriptors: sweep < 3_000 ? 29 : 30,
      threads: sweep < 3_000 ? 11 : 13,
      anonKb: 20_000 + 2 * sweep,
    });
    expect(wrong(leak)).toEqual([
      'four fast hosts: growth of RssAnon in 1,000 sweeps: 2.00 MB, at most 1',
      'four fast hosts: file descriptors left behind, from beginning to end: 1, at most 0',
      'four fast hosts: threads left behind, from beginning to end: 2, at most 0',
    ]);
  });

  it('does not call it growth that the database holds what was recorded', () => {
    const recorded = (sweep: number) => ({
      space: { usedBytes: 200_000 + 300 * sweep, walBytes: 0, rows: { changes: sweep } },
    });
    expect(wrong(recorded)).toEqual([]);
  });

  it('complains of a database that grows without a reason', () => {
    const grown = (sweep: number) => ({ space: { usedBytes: 300 * sweep, walBytes: 0, rows: {} } });
    expect(wrong(grown)).toEqual([
      'four fast hosts: database: growth by a sweep without reason: 300 bytes, at most 200',
    ]);
  });

  it('complains of what it saw, before all figures', () => {
    expect(wrong(undefined, ['after sweep 250: x: is missing in the broker'])).toEqual([
      'four fast hosts: after sweep 250: x: is missing in the broker',
    ]);
  });

  it('that fails before anything was measured says only why', () => {
    const failed = { ...result(undefined, ['sweep 1: hung']), measured: [], swept: [] };
    expect(complaints([{ result: failed, limits: LIMITS.fastHosts }])).toEqual([
      'four fast hosts: sweep 1: hung',
    ]);
  });

  it('is reported in one screen, and marks what is exceeded', () => {
    const text = reportText([
      { result: result((sweep) => ({ descriptors: sweep })), limits: LIMITS.fastHosts },
    ]);
    expect(text.split('\n').length).toBeLessThan(30);
    expect(text).toMatch(/file descriptors left behind, from .* 3600 {2}at most 0 +EXCEEDED/);
  });
});

it.each([fastHosts(1), wholeLab(1)])(
  'database and broker are compared while each thing is altered: $name',
  (plan) => {
    expect(plan.compareEvery).toBeLessThanOrEqual(MOST_STANDING * plan.alterEvery);
  },
);

it('the section of a page is written at its end, and then again in its place', () => {
  const file = join(temporaryDirectory(), 'page.md');
  writeFileSync(file, '# Page\n\nBefore.\n');
  writeSection(file, 'first');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n## After\n`);
  writeSection(file, 'second');
  const page = readFileSync(file, 'utf8');
  expect(page).toMatch(/^# Page\n\nBefore\.\n\n## Soak\n\n<!--.*-->\n\nsecond\n\n<!--.*-->\n\n## After\n$/);
});
