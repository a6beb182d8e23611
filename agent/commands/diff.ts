import type { Command } from 'commander';
import { diffOf, TURNS } from '../../domain/diff.ts';
import { safeJson } from '../../domain/text.ts';
import { type Diff, diffJson, diffText } from '../render/diff.ts';
import { byAddress } from '../render/hosts.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { momentNamed } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

interface Options {
  readonly since: string;
  readonly until?: string;
}

/** `diff --since WHEN [--until WHEN]`: what differs between two moments. */
export function addDiff(program: Command, act: Act): void {
  program
    .command('diff')
    .description('show what differs between two moments: hosts, services, posture, findings')
    .requiredOption('--since <when>', 'the earlier moment: 2026-11-21, 7d, 12h, yesterday')
    .option('--until <when>', 'the later moment (default: now)')
    .addHelpText(
      'after',
      examples(
        'smbwarden diff --since yesterday',
        'smbwarden diff --since 2026-11-01 --until 2026-11-15 --json',
      ),
    )
    .action(
      act(({ output, context: build }, options: Options) => {
        const context = build();
        const diff = diffBetween(context, options);
        output.out(
          output.json ? safeJson(diffJson(diff), 2) : diffText(diff, viewOf(context), context.vendorOf),
        );
        return EXIT.done;
      }),
    );
}

/** @throws UsageError, NotFoundError, StorageError */
function diffBetween(context: CommandContext, options: Options): Diff {
  const now = context.now();
  const since = momentNamed(options.since, now);
  const until = options.until === undefined ? now : momentNamed(options.until, now);
  if (since >= until) {
    const written = options.until === undefined ? '' : ` --until ${options.until}`;
    throw new UsageError(
      `--since ${options.since}${written}: the earlier moment is not before the later one`,
    );
  }
  return reading(context, ({ history }) => ({
    since,
    until,
    hosts: diffOf({
      since,
      until,
      hosts: [...history.hosts().values()].sort(byAddress),
      factsSince: history.factsAt(since),
      factsUntil: history.factsAt(until),
      changes: history.changes({ since, types: TURNS }),
    }),
  }));
}
