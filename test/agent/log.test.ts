import { describe, expect, it } from 'vitest';
import { createLog, type Log, type LogOptions } from '../../agent/log.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

function logging(options: Partial<LogOptions> = {}): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const defaults = { level: 'debug', format: 'json', fd: 1, env: {}, isTty: false } as const;
  const log = createLog({ ...defaults, now: () => SAMPLE_TIME, ...options }, (line) => lines.push(line));
  return { log, lines };
}

describe('the log', () => {
  it('writes one JSON object per line, with the time in UTC', () => {
    const { log, lines } = logging();
    log.info({ hosts: 18 }, 'sweep done');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'info', time: '2026-11-21T22:41:05.000Z', hosts: 18, message: 'sweep done' },
    ]);
  });

  it('writes the level as prefix and no time for the journal, which has both', () => {
    const { log, lines } = logging({ format: 'auto', env: { JOURNAL_STREAM: '9:1' } });
    log.warn({}, 'broker away');
    expect(lines).toEqual(['<4>{"level":"warn","message":"broker away"}']);
  });

  it('writes plain text on a terminal', () => {
    const { log, lines } = logging({ format: 'auto', isTty: true });
    log.error({ error: new Error('boom'), address: '192.168.1.21', name: 'a b' }, 'probe failed');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:05 error probe failed error="boom" address=192\.168\.1\.21 name="a b"$/,
    );
  });

  it.each(['json', 'journal', 'text'] as const)('makes a hostile name harmless as %s', (format) => {
    const { log, lines } = logging({ format });
    log.info({ name: '\u001b[2J\u009b31m\u202e\u2028' }, 'host seen');
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2028]/);
    expect(lines[0]).toContain('31m');
  });

  it('never writes a password, even one that lies deeper', () => {
    const { log, lines } = logging();
    log.info(
      { password: 'canary', mqtt: { password: 'canary' }, config: { mqtt: { password: 'canary' } } },
      'x',
    );
    expect(lines.join()).not.toContain('canary');
  });

  it('is silent below its level', () => {
    const { log, lines } = logging({ level: 'warn' });
    log.info({}, 'sweep done');
    expect(lines).toEqual([]);
  });

  it('stops a flood of one message, and says afterwards how many lines it kept back', () => {
    let now = SAMPLE_TIME;
    const { log, lines } = logging({ now: () => now });
    for (let i = 0; i < 100; i += 1) log.warn({ i }, 'malformed datagram');
    log.warn({}, 'another message');
    expect(lines).toHaveLength(31);
    now += 60_000;
    log.warn({}, 'malformed datagram');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ suppressedBefore: 70 });
  });

  it('does not keep a flooded message back for years when the clock is set back', () => {
    let now = SAMPLE_TIME;
    const { log, lines } = logging({ now: () => now });
    for (let i = 0; i < 100; i += 1) log.warn({ i }, 'malformed datagram');
    now -= 365 * 86_400_000;
    log.warn({}, 'malformed datagram');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ suppressedBefore: 70 });
  });
});
