import type { Command } from 'commander';
import type { History } from '../../domain/history.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';
import { safeJson, visible } from '../../domain/text.ts';
import { calendarIn } from '../render/report/calendar.ts';
import type { ReportData } from '../render/report/data.ts';
import { GENERATOR, reportPage } from '../render/report/page.ts';
import { isoTime } from '../render/time.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { momentNamed } from './lookup.ts';
import { agentOf, reading } from './reading.ts';
import { replaceOwnFile } from './report-file.ts';

interface Options {
  readonly since: string;
  readonly output?: string;
}

/** `report`: one HTML page with timelines and tables, which needs no network to be read. */
export function addReport(program: Command, act: Act): void {
  program
    .command('report')
    .description('write one HTML page: findings, timelines, changes, coverage; loads nothing, runs nothing')
    .option('--since <when>', 'what it tells of, from this moment on: 2026-11-21, 7d, yesterday', '30d')
    .option('--output <file>', '"-" for standard output (default: smbwarden-report-DATE.html, here)')
    .addHelpText(
      'after',
      `${examples('smbwarden report', 'smbwarden report --since 7d --output /srv/www/report.html')}

An earlier report of the same name is replaced; any other file is left alone.`,
    )
    .action(
      act(({ output, context: build }, options: Options) => {
        const context = build();
        const since = beginningOf(options.since, context.now());
        const data = reading(context, ({ history }) => reportData(history, since, context));
        const page = reportPage(data, output.timeZone);
        const file = options.output ?? defaultName(context);
        if (file === '-') {
          if (output.json) throw new UsageError('--output -: standard output is taken by --json');
          output.out(page.trimEnd());
          return EXIT.done;
        }
        replaceOwnFile(file, page, GENERATOR);
        output.out(output.json ? safeJson(reportJson(file, page, data), 2) : visible(file));
        return EXIT.done;
      }),
    );
}

function beginningOf(since: string, now: number): number {
  const at = momentNamed(since, now);
  if (at >= now) throw new UsageError(`--since ${since}: the span ends before it begins`);
  return at;
}

function defaultName({ now, output }: CommandContext): string {
  return `smbwarden-report-${calendarIn(output.timeZone, now()).dateOf(now())}.html`;
}

function reportJson(file: string, page: string, { span, hosts }: ReportData) {
  return {
    schema: 1,
    file,
    bytes: Buffer.byteLength(page),
    since: isoTime(span.from),
    until: isoTime(span.to),
    hosts: hosts.length,
  };
}

/**
 * Everything that a report tells of the time from `wanted`, milliseconds UTC, until now. A history that is younger makes
 * the span shorter: what came before is not known, which is not to say quiet.
 */
export function reportData(
  history: History,
  wanted: number,
  context: Pick<CommandContext, 'config' | 'version' | 'vendorOf' | 'now'>,
): ReportData {
  const to = context.now();
  const hosts = [...history.hosts().values()];
  const sweeps = sweepsSince(history, wanted);
  const known = [
    ...hosts.map(({ firstSeenAt }) => firstSeenAt),
    ...sweeps.slice(-1).map(({ finishedAt }) => finishedAt),
  ];
  const from = Math.min(known.length === 0 ? wanted : Math.max(wanted, Math.min(...known)), to - 1);
  return {
    agent: agentOf(context, { history }),
    span: { from, to },
    hosts: hosts.map((host) => ({
      host,
      intervals: history.intervals(host.id),
      changes: history.changes({ hostId: host.id }),
    })),
    changes: history.changes({ since: from, until: to }),
    sweeps,
    everySweepSince: to - context.config.retention.sweeps,
    vendorOf: context.vendorOf,
  };
}

const FIRST_GUESS = 4_096;

/** Sweeps that ended at `since` or later, newest first. The history gives out the newest so many, so more are asked for. */
export function sweepsSince(history: Pick<History, 'sweeps'>, since: number): readonly RecordedSweep[] {
  for (let limit = FIRST_GUESS; ; limit *= 4) {
    const sweeps = history.sweeps(limit);
    const oldest = sweeps.at(-1);
    if (sweeps.length < limit || (oldest !== undefined && oldest.finishedAt < since))
      return sweeps.filter(({ finishedAt }) => finishedAt >= since);
  }
}
