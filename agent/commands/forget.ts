import type { Command } from 'commander';
import type { Forgotten } from '../../domain/history.ts';
import { type HostRecord, hostName } from '../../domain/host.ts';
import { safeJson, visible } from '../../domain/text.ts';
import { titleLine } from '../render/host.ts';
import { count } from '../render/text.ts';
import { localTime } from '../render/time.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

/** `forget HOST [--yes]`: deletes everything that is kept about a host. */
export function addForget(program: Command, act: Act): void {
  program
    .command('forget')
    .description('delete a host and everything that is kept about it; if it is seen again, it is new')
    .argument('<host>', 'id, name, address or MAC, or the beginning of one')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('smbwarden forget oldprinter', 'smbwarden forget h001132aabbcc --yes'))
    .action(
      act(async ({ context: build, confirm }, name: string, { yes = false }: { yes?: boolean }) => {
        const context = build();
        const { output } = context;
        const doomed = reading(context, ({ history }) => {
          const host = findHost(history.hosts().values(), name);
          return { host, changes: history.changes({ hostId: host.id }).length };
        });
        if (!yes && !(await isConfirmed(doomed, context, confirm))) {
          output.err('nothing was deleted');
          return EXIT.failed;
        }
        const { id } = doomed.host;
        const { forgotten } = await context.decide({ kind: 'forget', hostId: id });
        output.out(
          output.json
            ? safeJson({ schema: 1, host: { id, name: hostName(doomed.host) }, forgotten }, 2)
            : `${visible(hostName(doomed.host))} was forgotten${forgotten === null ? '' : `: ${rowsInWords(forgotten)}`}`,
        );
        return EXIT.done;
      }),
    );
}

/** @throws UsageError where there is nobody to ask. */
async function isConfirmed(
  { host, changes }: { readonly host: HostRecord; readonly changes: number },
  context: CommandContext,
  confirm: ((question: string) => Promise<boolean>) | null,
): Promise<boolean> {
  if (confirm === null) {
    throw new UsageError(
      `forget ${visible(hostName(host))}: this deletes its history; add --yes, since there is no terminal to ask on`,
    );
  }
  const view = viewOf(context);
  const rows = `${count(host.findings.length, 'finding')} and ${count(changes, 'change')}`;
  context.output.err(titleLine(host, { ...view, color: false }, context.vendorOf));
  context.output.err(
    `known since ${localTime(host.firstSeenAt, view)}, with ${rows}: all of this is deleted, and its device in Home Assistant`,
  );
  return confirm('Forget this host?');
}

function rowsInWords({ facts, findings, changes, ledger, quarantine }: Forgotten): string {
  return [
    count(findings, 'finding'),
    count(facts, 'fact'),
    count(changes, 'change'),
    ...(ledger === 0 ? [] : [`${ledger} of the ledger's rows`]),
    ...(quarantine === 0 ? [] : [`${quarantine} of the quarantine's`]),
  ].join(', ');
}
