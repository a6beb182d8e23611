import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { hostText } from '../render/host.ts';
import { hostJson } from '../render/json.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost } from './lookup.ts';
import { viewOf } from './output.ts';
import { agentOf, reading } from './reading.ts';

/** `host HOST [--history]`: everything that is known of one host. */
export function addHost(program: Command, act: Act): void {
  program
    .command('host')
    .description('show one host: posture, services, findings, timeline')
    .argument('<host>', 'id, name, address or MAC, or the beginning of one')
    .option('--history', 'every recorded change of this host')
    .addHelpText('after', examples('smbwarden host nas', 'smbwarden host 192.168.1.21 --history'))
    .action(
      act(({ output, context: build }, name: string, options: { history?: boolean }) => {
        const context = build();
        const shown = reading(context, (storage) => {
          const host = findHost(storage.history.hosts().values(), name);
          const changes = options.history === true ? storage.history.changes({ hostId: host.id }) : null;
          return {
            host,
            vendorOf: context.vendorOf,
            changes,
            quarantine: storage.history.quarantine().filter(({ hostId }) => hostId === host.id),
            since: storage.history.factsSince(host.id),
            agent: agentOf(context, storage),
          };
        });
        output.out(output.json ? safeJson(hostJson(shown), 2) : hostText(shown, viewOf(context)));
        return EXIT.done;
      }),
    );
}
