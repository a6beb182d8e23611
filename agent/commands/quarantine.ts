import type { Command } from 'commander';
import { DEEP_QUESTIONS } from '../../domain/cadence.ts';
import type { HostId } from '../../domain/host.ts';
import { safeJson } from '../../domain/text.ts';
import { liftedJson, liftedLine, quarantineJson, quarantineText } from '../render/quarantine.ts';
import { type CommandContext, NotFoundError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost, named } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

/** `quarantine` and `quarantine lift HOST [PROBE]`. */
export function addQuarantine(program: Command, act: Act): void {
  const quarantine = program
    .command('quarantine')
    .description('show which probes are held back from which hosts, because they seem to have done harm')
    .addHelpText('after', examples('smbwarden quarantine', 'smbwarden quarantine lift oldprinter'))
    .action(
      act(({ output, context: build }) => {
        const context = build();
        const [held, hosts] = reading(context, ({ history }) => [history.quarantine(), history.hosts()]);
        const { json } = output;
        output.out(
          json ? safeJson(quarantineJson(held, hosts), 2) : quarantineText(held, hosts, viewOf(context)),
        );
        return EXIT.done;
      }),
    );
  quarantine
    .command('lift')
    .description('put a probe to a host again, or every one that is held back from it')
    .argument('<host>', 'id, name, address or MAC, or the beginning of one')
    .argument('[probe]', `${DEEP_QUESTIONS.join(', ')}; default: all of them`)
    .addHelpText(
      'after',
      examples('smbwarden quarantine lift oldprinter', 'smbwarden quarantine lift 192.168.1.66 smb1'),
    )
    .action(
      act(async ({ context: build }, name: string, probe: string | undefined) => {
        const context = build();
        const { id } = reading(context, ({ history }) => findHost(history.hosts().values(), name));
        const which = probe === undefined ? null : named(probe, DEEP_QUESTIONS, 'probe');
        const { changed } = await context.decide({ kind: 'lift-quarantine', hostId: id, probe: which });
        return print(context, id, changed);
      }),
    );
}

function print(context: CommandContext, hostId: HostId, changed: boolean): number {
  const { output } = context;
  const { host, left } = reading(context, ({ history }) => ({
    host: history.hosts().get(hostId),
    left: history.quarantine().filter((each) => each.hostId === hostId),
  }));
  if (host === undefined) throw new NotFoundError(`host ${hostId}: it was forgotten meanwhile`);
  const line = liftedLine(host, left);
  if (output.json) output.out(safeJson(liftedJson(changed, host, left), 2));
  else output.out(changed ? line : `Nothing to change:\n${line}`);
  return EXIT.done;
}
