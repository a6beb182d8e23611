import type { Command } from 'commander';
import { adviceOn } from '../../domain/advice.ts';
import { RULES } from '../../domain/assess.ts';
import { safeJson } from '../../domain/text.ts';
import { WHAT_IF_CHANGES } from '../../domain/what-if.ts';
import { explainText, rulesText } from '../render/explain.ts';
import { adviceJson, rulesJson } from '../render/json.ts';
import { whatIfJson, whatIfText } from '../render/what-if.ts';
import { UsageError } from './context.ts';
import { type Act, EXIT, examples, type Invocation } from './invocation.ts';
import { ruleNamed, whatIfNamed } from './lookup.ts';
import { reading } from './reading.ts';

const MOST_COLUMNS = 100;

/** `explain RULE`, `explain --what-if CHANGE`: what a finding means and how to fix it; what a change would break. */
export function addExplain(program: Command, act: Act): void {
  program
    .command('explain')
    .description('explain a rule, how to fix and verify it; or what a change would break')
    .argument('[rule]', 'rule id, or the beginning of one; without it, all rules are listed')
    .option(
      '--what-if <change>',
      `which hosts would stop working for clients, and why: ${WHAT_IF_CHANGES.join(', ')}`,
    )
    .addHelpText(
      'after',
      examples('smbwarden explain smb1-enabled', 'smbwarden explain', 'smbwarden explain --what-if smb1-off'),
    )
    .action(
      act((invocation, name: string | undefined, { whatIf }: { whatIf?: string }) => {
        if (whatIf === undefined) {
          explainRule(invocation, name);
        } else if (name === undefined) {
          explainChange(invocation, whatIf);
        } else {
          throw new UsageError(`explain ${name} --what-if ${whatIf}: name a rule or a change, not both`);
        }
        return EXIT.done;
      }),
    );
}

function explainRule({ output }: Invocation, name: string | undefined): void {
  const view = { color: output.color, width: Math.min(output.width, MOST_COLUMNS) };
  if (name === undefined) {
    output.out(output.json ? safeJson(rulesJson(RULES), 2) : rulesText(RULES, view));
  } else {
    const advice = adviceOn(ruleNamed(name));
    output.out(output.json ? safeJson(adviceJson(advice), 2) : explainText(advice, view));
  }
}

/** @throws UsageError, NotFoundError, StorageError */
function explainChange({ output, context }: Invocation, name: string): void {
  const change = whatIfNamed(name);
  const hosts = reading(context(), ({ history }) => [...history.hosts().values()]);
  output.out(output.json ? safeJson(whatIfJson(change, hosts), 2) : whatIfText(change, hosts, output));
}
