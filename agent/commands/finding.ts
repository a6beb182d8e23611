import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { findingText } from '../render/finding.ts';
import { findingJson } from '../render/json.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findFinding } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

/** `finding ID`: one finding with its evidence, since when, and what to do. */
export function addFinding(program: Command, act: Act): void {
  program
    .command('finding')
    .description('show one finding: evidence, since when, what to do')
    .argument('<id>', 'id of the finding, or the beginning of it')
    .addHelpText('after', examples('smbwarden finding f_3k2m9q'))
    .action(
      act(({ output, context: build }, id: string) => {
        const context = build();
        const shown = reading(context, ({ history }) => {
          const found = findFinding(history.hosts().values(), id);
          return { ...found, changes: history.changes({ findingId: found.finding.id }) };
        });
        output.out(
          output.json
            ? safeJson(findingJson(shown), 2)
            : findingText({ ...shown, vendorOf: context.vendorOf }, viewOf(context)),
        );
        return EXIT.done;
      }),
    );
}
