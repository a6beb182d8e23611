import type { Command } from 'commander';
import type { ChangeFilter, History } from '../../domain/history.ts';
import { safeJson } from '../../domain/text.ts';
import { historyText } from '../render/history.ts';
import { historyJson } from '../render/json.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost, positiveNumber, ruleNamed, spanNamed } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

interface Options {
  readonly host?: string;
  readonly rule?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
}

/** `history`: the change log, newest first. */
export function addHistory(program: Command, act: Act): void {
  program
    .command('history')
    .description('show recorded changes, newest first')
    .option('--host <host>', 'of one host only')
    .option('--rule <rule>', 'of the findings of one rule only')
    .option('--since <when>', 'from this moment on: 2026-11-21, 7d, 12h, yesterday')
    .option('--until <when>', 'before this moment')
    .option('--limit <n>', 'at most so many', '50')
    .addHelpText(
      'after',
      examples('smbwarden history --since 7d', 'smbwarden history --host nas --rule smb1-enabled'),
    )
    .action(
      act(({ output, context: build }, options: Options) => {
        const context = build();
        const now = context.now();
        const changes = reading(context, ({ history }) => history.changes(filterOf(options, history, now)));
        output.out(output.json ? safeJson(historyJson(changes), 2) : historyText(changes, viewOf(context)));
        return EXIT.done;
      }),
    );
}

function filterOf(options: Options, history: History, now: number): ChangeFilter {
  const { host, rule, limit } = options;
  return {
    limit: positiveNumber(limit, '--limit'),
    ...spanNamed(options, now),
    ...(rule === undefined ? {} : { rule: ruleNamed(rule) }),
    ...(host === undefined ? {} : { hostId: findHost(history.hosts().values(), host).id }),
  };
}
