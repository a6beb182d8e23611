import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { firstSight, manyHosts, sweepOf } from '../../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange } from '../../support/samples.ts';
import { storyStorage } from '../../support/story.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
const KINDS = ['hosts', 'findings', 'changes', 'services', 'sweeps'] as const;
const run = (...args: string[]) => runCommand(['export', ...args], { storage: storyStorage });
const golden = (name: string) => new URL(name, GOLDEN).pathname;

describe('export', () => {
  it.each(KINDS)('of %s is what the golden files hold, as JSON and as CSV', async (what) => {
    const json = await run('--format', 'json', '--what', what);
    expect(json).toMatchObject({ status: 0, err: '' });
    await expect(json.out).toMatchFileSnapshot(golden(`export-${what}.json`));
    const csv = await run('--format', 'csv', '--what', what);
    expect(csv).toMatchObject({ status: 0, err: '' });
    await expect(csv.out).toMatchFileSnapshot(golden(`export-${what}.csv`));
  });

  it('without --what is everything, in one document', async () => {
    const { out } = await run();
    const { schema, agent, exportedAt, ...kinds } = JSON.parse(out) as Record<string, object[]>;
    expect({ schema, agent, exportedAt }).toEqual({
      schema: 1,
      agent: { id: 'a1b2c3d4e', version: '1.0.0' },
      exportedAt: '2026-11-21T22:51:05.000Z',
    });
    expect(Object.keys(kinds)).toEqual(KINDS);
    for (const what of KINDS) {
      const alone = JSON.parse((await run('--what', what)).out) as Record<string, object[]>;
      expect(kinds[what], what).toEqual(alone[what]);
      expect(kinds[what]?.length, what).toBeGreaterThan(2);
    }
  });

  it('as NDJSON holds the same records, one in each line, each saying what it is', async () => {
    const lines = (await run('--format', 'ndjson')).out.trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { what: string });
    const { out } = await run('--json');
    const document = JSON.parse(out) as Record<string, object[]>;
    expect(records).toEqual(KINDS.flatMap((what) => document[what]!.map((each) => ({ what, ...each }))));
  });

  it('as CSV has the same number of cells in every line', async () => {
    for (const what of KINDS) {
      const { out } = await run('--format', 'csv', '--what', what);
      const lines = out.trimEnd().split('\r\n').map(cellsOf);
      expect(new Set(lines.map((cells) => cells.length)).size, what).toBe(1);
    }
  });

  it('shows hostile names, and no spreadsheet takes one for a formula', async () => {
    const { out } = await run('--format', 'csv', '--what', 'hosts');
    expect(out).toContain(`u0badc0ffee00,"'=1+1\\x1b[2J,""",192.168.1.66`);
    for (const format of ['json', 'ndjson']) {
      expect((await run('--format', format)).out).toContain('=1+1\\u001b[2J');
    }
    for (const args of [[], ...KINDS.map((what) => ['--format', 'csv', '--what', what])]) {
      expect((await run(...args)).out).not.toMatch(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
    }
  });

  it.each([
    [['--format', 'csv'], 'export --format csv: a table holds one kind; add --what hosts|findings|'],
    [['--format', 'xml'], 'Allowed choices are json, ndjson, csv'],
    [['--what', 'hots'], 'did you mean "hosts"?'],
    [['--json', '--format', 'csv', '--what', 'hosts'], 'these are two formats; name one of them'],
  ])('refuses %j', async (args, message) => {
    expect(await run(...args)).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining(message) as unknown,
    });
  });
});

describe('an export of much', () => {
  const storage = () => {
    const opened = storyStorage();
    const changes = Array.from({ length: 3_000 }, (_, n) =>
      sampleChange({ hostId: null, findingId: null, summary: `change ${n}` }),
    );
    opened.history.recordSweep({
      ...sweepOf(
        SAMPLE_TIME,
        manyHosts(30).map((host) => firstSight(host)),
      ),
      changes,
    });
    return opened;
  };
  const exportWith = (write: (text: string) => Promise<void>) =>
    runCommand(['export', '--format', 'ndjson', '--what', 'changes'], { storage }, { write });

  it('waits until a chunk has left before it reads on', async () => {
    let underWay = 0;
    let out = '';
    const { status } = await exportWith(async (text) => {
      underWay += 1;
      expect(underWay).toBe(1);
      expect(text.length).toBeLessThan(70_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
      out += text;
      underWay -= 1;
    });
    expect(status).toBe(0);
    const ids = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
    expect(ids.length).toBeGreaterThan(3_000);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  it('to a full disk says what was attempted, how much was written and what came back', async () => {
    let chunks = 0;
    let lines = 0;
    const { status, err } = await exportWith(async (text) => {
      chunks += 1;
      if (chunks > 2)
        throw Object.assign(new Error('writing to standard output: ENOSPC'), { code: 'ENOSPC' });
      lines += text.split('\n').length - 1;
    });
    expect({ status, err }).toEqual({
      status: 1,
      err: `smbwarden: export changes as ndjson: writing to standard output: ENOSPC; ${lines} complete records were written before, the output is not whole\n`,
    });
    expect(lines).toBeGreaterThan(500);
  });
});

/** The cells of one line of CSV by RFC 4180; none of ours holds a line break. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}
