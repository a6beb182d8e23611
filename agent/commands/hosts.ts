import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { hostsText } from '../render/hosts.ts';
import { hostsJson } from '../render/json.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { viewOf } from './output.ts';
import { agentOf, reading } from './reading.ts';

/** `hosts`: every host that was ever seen, with its posture in words. */
export function addHosts(program: Command, act: Act): void {
  program
    .command('hosts')
    .description('list every host that was ever seen')
    .addHelpText('after', examples('smbwarden hosts', 'smbwarden hosts --json'))
    .action(
      act(({ output, context: build }) => {
        const context = build();
        const { hosts, agent } = reading(context, (storage) => ({
          hosts: [...storage.history.hosts().values()],
          agent: agentOf(context, storage),
        }));
        output.out(
          output.json
            ? safeJson(hostsJson({ agent, hosts, vendorOf: context.vendorOf }), 2)
            : hostsText(hosts, viewOf(context)),
        );
        return EXIT.done;
      }),
    );
}
