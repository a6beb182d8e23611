import type { Command } from 'commander';
import type { HostId, HostRecord } from '../../domain/host.ts';
import { safeJson } from '../../domain/text.ts';
import { hostDecidedJson, ignoredLine } from '../render/decision.ts';
import { type CommandContext, NotFoundError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { endNamed, findHost } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

const WHICH = 'id, name, address or MAC, or the beginning of one';

/** `ignore HOST` and `unignore HOST`. */
export function addIgnore(program: Command, act: Act): void {
  program
    .command('ignore')
    .description('ignore a host: still asked and recorded, but no alert and no device in Home Assistant')
    .argument('<host>', WHICH)
    .option('--until <when>', 'when it ends by itself: 2027-06-01, 30d, tomorrow (default: never)')
    .addHelpText(
      'after',
      examples('smbwarden ignore oldprinter', 'smbwarden ignore 192.168.1.66 --until 30d'),
    )
    .action(
      act(async ({ context: build }, name: string, { until }: { until?: string }) => {
        const context = build();
        const end = until === undefined ? null : endNamed(until, context.now());
        const hostId = hostNamed(context, name).id;
        const { changed } = await context.decide({ kind: 'ignore', hostId, until: end, by: null });
        return print(context, hostId, changed);
      }),
    );
  program
    .command('unignore')
    .description('end that a host is ignored')
    .argument('<host>', WHICH)
    .addHelpText('after', examples('smbwarden unignore oldprinter'))
    .action(
      act(async ({ context: build }, name: string) => {
        const context = build();
        const hostId = hostNamed(context, name).id;
        const { changed } = await context.decide({ kind: 'unignore', hostId });
        return print(context, hostId, changed);
      }),
    );
}

function hostNamed(context: CommandContext, name: string): HostRecord {
  return reading(context, ({ history }) => findHost(history.hosts().values(), name));
}

function print(context: CommandContext, hostId: HostId, changed: boolean): number {
  const host = reading(context, ({ history }) => history.hosts().get(hostId));
  if (host === undefined) throw new NotFoundError(`host ${hostId}: it was forgotten meanwhile`);
  const { output } = context;
  const line = ignoredLine(host, viewOf(context));
  if (output.json) output.out(safeJson(hostDecidedJson(changed, host), 2));
  else output.out(changed ? line : `Nothing to change:\n${line}`);
  return EXIT.done;
}
