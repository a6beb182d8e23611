import type { Command } from 'commander';
import type { Advice } from '../../domain/advice.ts';

/** docs/findings.md, from the data that `smbwarden explain` shows. */
export function findingsPage(advice: readonly Advice[]): string {
  const rows = advice.map(
    ({ rule, severity, title }) => `| [\`${rule}\`](#${rule}) | ${severity} | ${title} |`,
  );
  return page([
    '# Findings',
    'What smbwarden reports, what each finding means, how it was tested and how to fix it. `smbwarden explain RULE` ' +
      'shows the same on the command line. Both come from `domain/advice.ts`: change it there, then `npm run golden`.',
    'A finding is resolved only by an answer that contradicts it. A host that is silent, asleep or gone keeps its ' +
      'findings, with the time of the last evidence.',
    ['| rule | severity | opens when |', '|---|---|---|', ...rows].join('\n'),
    ...advice.map(findingSection),
  ]);
}

function findingSection({ rule, severity, title, means, tested, evidence, fixes, verify }: Advice): string {
  const steps = fixes.flatMap((fix) => [`- **${fix.platform}**`, ...fix.steps.map((step) => `  - ${step}`)]);
  return [
    `## ${rule}`,
    `**${title}** (${severity})`,
    ...means,
    `**How it was tested.** ${tested}`,
    `**Evidence.** ${evidence}`,
    '**How to fix it**',
    steps.join('\n'),
    '**How to verify**',
    verify.map((step) => `- ${step}`).join('\n'),
  ].join('\n\n');
}

/** docs/commands.md: the help of every command. */
export function commandsPage(program: Command): string {
  return page([
    '# Commands',
    'The help of every command, as `smbwarden COMMAND --help` prints it. This page is written by `npm run golden`.',
    'Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 findings at or above `--fail-on`, 4 the sweep is ' +
      'incomplete (3 wins). Reports go to standard output, everything else to standard error.',
    fenced(helpOf(program)),
    ...commandPaths(program).map(({ path, command }) => `## ${path}\n\n${fenced(helpOf(command))}`),
  ]);
}

/** Every command and sub-command with its name in full, `smbwarden config show`, in the order of the help. */
export function commandPaths(program: Command): { readonly path: string; readonly command: Command }[] {
  return program.commands.flatMap((command) => {
    const below = commandPaths(command).map((each) => ({ ...each, path: `${program.name()} ${each.path}` }));
    return [{ path: `${program.name()} ${command.name()}`, command }, ...below];
  });
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text.trimEnd();
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function page(sections: readonly string[]): string {
  return `${sections.join('\n\n')}\n`;
}
