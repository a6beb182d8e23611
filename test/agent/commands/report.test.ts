import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sweepsSince } from '../../../agent/commands/report.ts';
import { replaceOwnFile } from '../../../agent/commands/report-file.ts';
import { GENERATOR } from '../../../agent/render/report/page.ts';
import { runCommand } from '../../support/command-line.ts';
import { openTestStorage } from '../../support/open-database.ts';
import { firstSweep, sweepOf } from '../../support/sample-history.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const GOLDEN = new URL('../../golden/report.html', import.meta.url);

/** One element a line, and no style, so that a person can read what changed. */
function readable(page: string): string {
  return page
    .replace(/<style>[\s\S]*<\/style>/, '<style/>')
    .replaceAll(
      /(?<!\n)<(?=(?:rect|line|text|path|circle|g|svg|title|div|p|li|ul|dt|details|summary)\b)/g,
      '\n<',
    );
}

/** The sample history: one sweep with one host and one finding, and a sweep an hour later. */
function sampleStorage() {
  const storage = openTestStorage();
  storage.history.agentId(() => 'a1b2c3d4e');
  storage.history.recordSweep(firstSweep());
  storage.history.recordSweep(sweepOf(SAMPLE_TIME + 3_600_000));
  return storage;
}

const later = () => SAMPLE_TIME + 7_200_000;

describe('report', () => {
  it('prints what the golden file holds, its style left out, for the sample history', async () => {
    const { status, out, err } = await runCommand(['report', '--output', '-'], {
      storage: sampleStorage,
      now: later,
    });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    await expect(readable(out)).toMatchFileSnapshot(GOLDEN.pathname);
  });

  it('prints hostile names and evidence as text, with what is dangerous in them made visible', async () => {
    const { out } = await runCommand(['report', '--since', '7d', '--output', '-']);
    expect(out).toContain('<bdi class="name">\\x1b]0;owned\\x07\\u202eSAN</bdi>');
    expect(out).toContain('session request for &quot;\\x1b[2J&quot; accepted');
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('has no script, no address to load from, and a policy that forbids both', async () => {
    const { out } = await runCommand(['report', '--output', '-']);
    expect(out).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(out).not.toMatch(/<(script|img|link|iframe|object|embed|form|base)\b/i);
    expect(out).not.toMatch(/\b(src|srcset|style|on[a-z]+)=|url\((?!#)|@import|href="(?!#)/i);
  });

  it('is a page before the first host is known, too', async () => {
    const { status, out } = await runCommand(['report', '--output', '-'], {
      storage: () => openTestStorage(),
    });
    expect(status).toBe(0);
    expect(out).toContain('Nobody has answered yet');
  });

  it('writes the file and prints its name, and as JSON what is in it', async () => {
    const file = join(temporaryDirectory(), 'report.html');
    expect(await runCommand(['report', '--output', file])).toEqual({ status: 0, out: `${file}\n`, err: '' });
    const { out } = await runCommand(['report', '--since', '7d', '--output', file, '--json']);
    const page = readFileSync(file);
    expect(JSON.parse(out)).toEqual({
      schema: 1,
      file,
      bytes: page.length,
      since: '2026-11-18T22:41:05.000Z',
      until: '2026-11-21T22:51:05.000Z',
      hosts: 4,
    });
    expect(page.toString()).toMatch(/^<!doctype html>\n(.*\n)*<\/html>\n$/);
  });

  it.each([
    ['--since', 'soon', /time "soon": not understood/],
    ['--since', '2099-01-01', /--since 2099-01-01: the span ends before it begins/],
  ])('refuses %s %s', async (option, value, message) => {
    const { status, out, err } = await runCommand(['report', option, value, '--output', '-']);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(message);
  });

  it('does not print two documents to standard output', async () => {
    expect(await runCommand(['report', '--output', '-', '--json'])).toMatchObject({
      status: 2,
      out: '',
      err: 'smbwarden: --output -: standard output is taken by --json\n',
    });
  });
});

describe('the file of a report', () => {
  const page = `<!doctype html>${GENERATOR} 1.0.0">`;
  const write = (file: string, text = page) => replaceOwnFile(file, text, GENERATOR);

  it('replaces an earlier report, through a link too', () => {
    const folder = temporaryDirectory();
    const [file, link] = [join(folder, 'a.html'), join(folder, 'latest.html')];
    write(file);
    symlinkSync(file, link);
    write(link, `${page} again`);
    expect(readFileSync(file, 'utf8')).toBe(`${page} again`);
    expect(readdirSync(folder)).toEqual(['a.html', 'latest.html']);
  });

  it('leaves any other file alone', () => {
    const file = join(temporaryDirectory(), 'thesis.html');
    writeFileSync(file, 'years of work');
    expect(() => write(file)).toThrow(/a file that is no report of smbwarden is there already/);
    expect(readFileSync(file, 'utf8')).toBe('years of work');
  });

  it('is not put in the place of a directory or a device', () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'sub'));
    expect(() => write(join(folder, 'sub'))).toThrow(/that is no file/);
    expect(() => write('/dev/null')).toThrow(/that is no file/);
  });

  it('is whole or not there: a disk that fills up leaves the earlier one and nothing half written', () => {
    const folder = temporaryDirectory();
    const file = join(folder, 'report.html');
    write(file);
    const full = () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    expect(() => replaceOwnFile(file, 'new', GENERATOR, full)).toThrow(
      `writing ${file}: no space is left on the disk (ENOSPC). Nothing was written`,
    );
    expect(readFileSync(file, 'utf8')).toBe(page);
    expect(readdirSync(folder)).toEqual(['report.html']);
  });

  it('says why it could not be written', () => {
    const folder = temporaryDirectory();
    expect(() => write(join(folder, 'none', 'a.html'))).toThrow(
      /its directory does not exist \(ENOENT\)\. Nothing was/,
    );
    writeFileSync(join(folder, 'file'), '');
    expect(() => write(join(folder, 'file', 'a.html'))).toThrow(
      /a part of the path is no directory \(ENOTDIR\)/,
    );
    expect(() => write(join(folder, 'x'.repeat(300)))).toThrow(/the name is too long \(ENAMETOOLONG\)/);
  });
});

it('asks the history for more sweeps until the oldest is older than the span', () => {
  const all = Array.from({ length: 10_000 }, (_, i) => ({ finishedAt: 10_000 - i }));
  const asked: number[] = [];
  const sweeps = (limit: number) => {
    asked.push(limit);
    return all.slice(0, limit);
  };
  const since = (at: number) =>
    sweepsSince({ sweeps } as unknown as Parameters<typeof sweepsSince>[0], at).length;
  expect([since(9_000), since(1)]).toEqual([1_001, 10_000]);
  expect(asked).toEqual([4_096, 4_096, 16_384]);
});
