import type { Command } from 'commander';
import type { HostRecord } from '../../domain/host.ts';
import { parseTarget } from '../../domain/target.ts';
import { safeJson } from '../../domain/text.ts';
import { checkText } from '../render/host.ts';
import { sweepJson } from '../render/json.ts';
import type { CommandContext } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost } from './lookup.ts';
import { viewOf } from './output.ts';
import { remindOfPause } from './pause.ts';
import { agentOf, reading } from './reading.ts';

/** `check HOST`: one host, asked everything that is allowed, with the evidence. */
export function addCheck(program: Command, act: Act): void {
  program
    .command('check')
    .description('ask one host everything that is allowed, now, and show the evidence')
    .argument('<host>', 'an address, or a known host by id, name, address or MAC')
    .addHelpText('after', examples('smbwarden check 192.168.1.21', 'smbwarden check nas --json'))
    .action(
      act(async ({ output, context: build }, name: string) => {
        const context = build();
        const report = await context.check(hostToCheck(context, name));
        if (output.json) {
          const agent = reading(context, (storage) => agentOf(context, storage));
          output.out(safeJson(sweepJson({ agent, report, vendorOf: context.vendorOf }), 2));
        } else {
          const { vendorOf } = context;
          const quarantine = reading(context, ({ history }) => history.quarantine());
          output.out(checkText({ report, asked: name, quarantine, vendorOf }, viewOf(context)));
        }
        remindOfPause(context);
        return report.sweep.complete ? EXIT.done : EXIT.incomplete;
      }),
    );
}

const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

/** An address is asked as it is; anything else has to be a known host. @throws TargetError for a public address. */
function hostToCheck(context: CommandContext, name: string): HostRecord | { readonly address: string } {
  if (!ADDRESS.test(name)) return reading(context, ({ history }) => findHost(history.hosts().values(), name));
  parseTarget(name);
  return { address: name };
}
