import type { Command } from 'commander';
import { ASPECT_ALIASES, ASPECTS, type Aspect, factAspect } from '../../domain/aspect.ts';
import { ruleOf } from '../../domain/assess.ts';
import { type FactName, factNames } from '../../domain/facts.ts';
import { RULE_IDS, type RuleId } from '../../domain/finding.ts';
import type { History } from '../../domain/history.ts';
import { type HostRecord, hostName } from '../../domain/host.ts';
import { aspectRuns, findingRuns, presenceRuns } from '../../domain/runs.ts';
import { safeJson, visible } from '../../domain/text.ts';
import { type SinceAnswer, sinceJson, sinceText } from '../render/since.ts';
import { NotFoundError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { findHost, named } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

const PRESENT = 'present';

/** `since HOST WHAT`: since when a fact holds, and what it was before. */
export function addSince(program: Command, act: Act): void {
  program
    .command('since')
    .description('show since when something holds for a host, and what it was before')
    .argument('<host>', 'id, name, address or MAC, or the beginning of one')
    .argument(
      '<what>',
      `${[...ASPECTS.map(({ name }) => name), PRESENT].join(', ')}; a service such as tcp/139; a rule such as smb1-enabled`,
    )
    .addHelpText(
      'after',
      examples(
        'smbwarden since nas smb1',
        'smbwarden since nas tcp/139',
        'smbwarden since nas present --json',
      ),
    )
    .action(
      act(({ output, context: build }, name: string, what: string) => {
        const context = build();
        const answer = reading(context, ({ history }) =>
          answerTo(what, findHost(history.hosts().values(), name), history),
        );
        output.out(output.json ? safeJson(sinceJson(answer), 2) : sinceText(answer, viewOf(context)));
        return EXIT.done;
      }),
    );
}

/** @throws UsageError for a word that names nothing, NotFoundError for what was never seen of the host. */
function answerTo(what: string, host: HostRecord, history: History): SinceAnswer {
  const word = whatNamed(what, host);
  if (word === PRESENT) return presenceAnswer(host, history);
  const rule = RULE_IDS.find((id) => id === word);
  if (rule !== undefined) return findingAnswer(rule, host, history);
  const asked = ASPECTS.find(({ name }) => name === word) ?? factAspect(word as FactName);
  return aspectAnswer(asked, host, history);
}

/** The one word that is meant: an aspect, a service or fact of the host, a rule, or `present`. @throws UsageError */
function whatNamed(text: string, host: HostRecord): string {
  const wanted = text.trim().toLowerCase();
  const alias = ASPECT_ALIASES[wanted];
  if (alias !== undefined) return alias;
  if (/^\d{1,5}$/.test(wanted)) return `tcp/${Number(wanted)}`;
  if (/^(tcp|udp|tcp6)\/\d{1,5}$/.test(wanted)) return wanted;
  const names = ASPECTS.map(({ name }) => name);
  return named(text, [...names, PRESENT, ...factNames(host.facts), ...RULE_IDS], 'what', [
    ...names,
    PRESENT,
    'services such as tcp/139',
    'rules such as smb1-enabled',
  ]);
}

function aspectAnswer(asked: Aspect, host: HostRecord, history: History): SinceAnswer {
  const runs = aspectRuns(
    asked,
    asked.facts.flatMap((name) => history.intervals(host.id, name)),
  );
  if (runs.length === 0) {
    throw new NotFoundError(
      `since ${visible(hostName(host))} ${asked.name}: nothing is known of it yet; it was not asked for, or not answered`,
    );
  }
  return { host, asked, runs, evidence: evidenceOf(asked.rule, host) };
}

function findingAnswer(rule: RuleId, host: HostRecord, history: History): SinceAnswer {
  const finding = host.findings.find((each) => each.rule === rule);
  const runs = finding === undefined ? [] : findingRuns(finding, history.changes({ findingId: finding.id }));
  const asked = { name: rule, label: `"${ruleOf(rule).title}"`, verb: 'is', inWords: String } as const;
  return { host, asked, runs, evidence: evidenceOf(rule, host) };
}

function presenceAnswer(host: HostRecord, history: History): SinceAnswer {
  const changes = history.changes({
    hostId: host.id,
    types: ['host_new', 'host_returned', 'host_lost'],
  });
  const runs = presenceRuns(host, changes).map((run) => ({
    ...run,
    value: run.value === 'there' ? 'yes' : 'no',
  }));
  const inWords = (value: unknown) => (value === 'yes' ? 'present' : 'away');
  return { host, asked: { name: PRESENT, label: 'the host', verb: 'is', inWords }, runs, evidence: [] };
}

function evidenceOf(rule: RuleId | null, { findings }: HostRecord): readonly string[] {
  return findings.find((finding) => finding.rule === rule)?.evidence ?? [];
}
