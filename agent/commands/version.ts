import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { type Act, EXIT, examples } from './invocation.ts';

/** `version`: what is running here. */
export function addVersion(program: Command, act: Act): void {
  program
    .command('version')
    .description('show the version of smbwarden and of its runtime')
    .addHelpText('after', examples('smbwarden version'))
    .action(
      act(({ output, version }) => {
        const { node = 'unknown' } = process.versions;
        const platform = `${process.platform} ${process.arch}`;
        output.out(
          output.json
            ? safeJson({ schema: 1, version, node, platform }, 2)
            : `smbwarden ${version} (Node.js ${node}, ${platform})`,
        );
        return EXIT.done;
      }),
    );
}
