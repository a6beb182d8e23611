import type { Command } from 'commander';
import { visible } from '../../domain/text.ts';
import { type Act, EXIT, examples } from './invocation.ts';

/** EX_CONFIG of sysexits.h, by which daemons say that it helps nothing to start them again; the unit then does not. */
const EXIT_LASTING = 78;
/** Codes of StorageError: the database is of a later smbwarden, or of another program. */
const LASTING: readonly unknown[] = ['newer-schema', 'foreign'];

/** `run`: the daemon. */
export function addRun(program: Command, act: Act): void {
  program
    .command('run')
    .description('run the daemon: sweep on schedule, record, publish')
    .addHelpText('after', examples('smbwarden run', 'systemctl start smbwarden'))
    .action(
      act(async ({ context, output }) => {
        try {
          await context().run();
          return EXIT.done;
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && LASTING.includes(error.code))) throw error;
          output.err(`smbwarden: ${visible(error.message)}`);
          return EXIT_LASTING;
        }
      }),
    );
}
