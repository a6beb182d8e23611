import type { Command } from 'commander';
import { type Finding, worstFirst } from '../../domain/finding.ts';
import type { HostRecord } from '../../domain/host.ts';
import { type AckScope, LONGEST_NOTE } from '../../domain/owner-command.ts';
import { safeJson } from '../../domain/text.ts';
import { findingLine, findingsDecidedJson } from '../render/decision.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { endNamed, findFinding, findFindingOrHost } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

interface Options {
  readonly until?: string;
  readonly note?: string;
}

const WHICH = 'id of a finding, or a host for all its open findings';

/** `ack ID|HOST` and `unack ID|HOST`. */
export function addAck(program: Command, act: Act): void {
  program
    .command('ack')
    .description('acknowledge a finding, or all open findings of a host: known, no alarm until then')
    .argument('<finding-or-host>', WHICH)
    .option('--until <when>', 'when it ends by itself: 2027-06-01, 30d, tomorrow (default: when resolved)')
    .option('--note <text>', 'why, for whoever looks at it later')
    .addHelpText(
      'after',
      examples('smbwarden ack f_3k2m9q', 'smbwarden ack nas --until 2027-06-01 --note "new NAS is ordered"'),
    )
    .action(
      act(async ({ context: build }, which: string, { until, note }: Options) => {
        const context = build();
        const end = until === undefined ? null : endNamed(until, context.now());
        if (note !== undefined && note.length > LONGEST_NOTE)
          throw new UsageError(`--note: ${note.length} characters; write at most ${LONGEST_NOTE}`);
        const scope = scopeNamed(context, which);
        const { changed } = await context.decide({
          kind: 'ack',
          scope,
          until: end,
          note: note ?? null,
          by: null,
        });
        return print(context, scope, changed);
      }),
    );
  program
    .command('unack')
    .description('take an acknowledgement back')
    .argument('<finding-or-host>', WHICH)
    .addHelpText('after', examples('smbwarden unack f_3k2m9q', 'smbwarden unack nas'))
    .action(
      act(async ({ context: build }, which: string) => {
        const context = build();
        const scope = scopeNamed(context, which);
        const { changed } = await context.decide({ kind: 'unack', scope });
        return print(context, scope, changed);
      }),
    );
}

function scopeNamed(context: CommandContext, text: string): AckScope {
  const found = reading(context, ({ history }) => findFindingOrHost(history.hosts().values(), text));
  return 'finding' in found ? { findingId: found.finding.id } : { hostId: found.host.id };
}

function print(context: CommandContext, scope: AckScope, changed: boolean): number {
  const { output } = context;
  const found = reading(context, ({ history }) => concerned(history.hosts(), scope));
  if (output.json) {
    output.out(safeJson(findingsDecidedJson(changed, found), 2));
    return EXIT.done;
  }
  const lines = found.map(({ host, finding }) => findingLine(host, finding, viewOf(context)));
  if (lines.length === 0) lines.push('No finding of this host is open.');
  else if (!changed) lines.unshift('Nothing to change:');
  output.out(lines.join('\n'));
  return EXIT.done;
}

function concerned(
  hosts: ReadonlyMap<string, HostRecord>,
  scope: AckScope,
): { readonly host: HostRecord; readonly finding: Finding }[] {
  if ('findingId' in scope) return [findFinding(hosts.values(), scope.findingId)];
  const host = 'hostId' in scope ? hosts.get(scope.hostId) : undefined;
  if (host === undefined) return [];
  const open = host.findings.filter(({ state }) => state !== 'resolved');
  return worstFirst(open).map((finding) => ({ host, finding }));
}
