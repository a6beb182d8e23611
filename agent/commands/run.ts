import type { Command } from 'commander';
import { type Act, EXIT, examples } from './invocation.ts';

/** `run`: the daemon. */
export function addRun(program: Command, act: Act): void {
  program
    .command('run')
    .description('run the daemon: sweep on schedule, record, publish')
    .addHelpText('after', examples('smbwarden run', 'systemctl start smbwarden'))
    .action(
      act(async ({ context }) => {
        await context().run();
        return EXIT.done;
      }),
    );
}
