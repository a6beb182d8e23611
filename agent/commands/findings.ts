import type { Command } from 'commander';
import { compareSeverity, worstFirst } from '../../domain/finding.ts';
import { safeJson } from '../../domain/text.ts';
import { findingsText } from '../render/findings.ts';
import { findingsJson } from '../render/json.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost, severityNamed } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

interface Options {
  readonly all?: boolean;
  readonly severity?: string;
  readonly host?: string;
}

/** `findings [--all] [--severity S] [--host H]`: what is wrong now, worst first. */
export function addFindings(program: Command, act: Act): void {
  program
    .command('findings')
    .description('list open findings, worst first')
    .option('--all', 'resolved ones as well')
    .option('--severity <severity>', 'this severity and worse: info, low, medium, high or critical')
    .option('--host <host>', 'of one host only')
    .addHelpText(
      'after',
      examples('smbwarden findings', 'smbwarden findings --all --severity high --host nas'),
    )
    .action(
      act(({ output, context: build }, options: Options) => {
        const least = severityNamed(options.severity ?? 'info');
        const context = build();
        const hosts = reading(context, ({ history }) => {
          const all = [...history.hosts().values()];
          return options.host === undefined ? all : [findHost(all, options.host)];
        });
        const found = hosts
          .flatMap((host) => worstFirst(host.findings).map((finding) => ({ host, finding })))
          .filter(({ finding }) => options.all === true || finding.state !== 'resolved')
          .filter(({ finding }) => compareSeverity(finding.severity, least) >= 0)
          .sort((a, b) => compareSeverity(b.finding.severity, a.finding.severity));
        output.out(output.json ? safeJson(findingsJson(found), 2) : findingsText(found, viewOf(context)));
        return EXIT.done;
      }),
    );
}
