import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { ledgerJson, ledgerText } from '../render/ledger.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost, spanNamed } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

interface Options {
  readonly host?: string;
  readonly since: string;
  readonly until?: string;
}

/** `ledger`: what smbwarden itself sent to whom. */
export function addLedger(program: Command, act: Act): void {
  program
    .command('ledger')
    .description('show what smbwarden itself sent to whom, day by day, newest first')
    .option('--host <host>', 'to one host only')
    .option('--since <when>', 'from the day of this moment on (UTC): 2026-11-21, 7d, 12h, yesterday', '7d')
    .option('--until <when>', 'to the day of this moment')
    .addHelpText('after', examples('smbwarden ledger --host nas', 'smbwarden ledger --since 30d --json'))
    .action(
      act(({ output, context: build }, options: Options) => {
        const context = build();
        const span = spanNamed(options, context.now());
        const { entries, hosts } = reading(context, ({ history }) => {
          const known = history.hosts();
          const { host } = options;
          const ofHost = host === undefined ? {} : { hostId: findHost(known.values(), host).id };
          return { entries: history.ledger({ ...span, ...ofHost }), hosts: known };
        });
        output.out(
          output.json ? safeJson(ledgerJson(entries), 2) : ledgerText(entries, hosts, viewOf(context)),
        );
        return EXIT.done;
      }),
    );
}
