import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Release } from './environment.ts';

/** What vitest's JSON reporter tells, as far as it is shown. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

interface Assertion {
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';
  /** Milliseconds. */
  readonly duration?: number;
  readonly meta?: { readonly measured?: string };
}

/** One release and what came of it. */
export interface Tested {
  readonly release: Release;
  readonly report: Report;
}

const PAGE = fileURLToPath(new URL('../../docs/home-assistant.md', import.meta.url));
const BEGIN = '<!-- results: begin (written by npm run test:ha) -->';
const END = '<!-- results: end -->';

/** Writes the tables of the releases into docs/home-assistant.md. @throws Error when the page has no place for them. */
export async function writeResults(tested: readonly Tested[], day: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE}: no place for the results`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${resultsPage(tested, day)}\n${END}${after}`);
}

/** Markdown: a table for each release. `day` is ISO 8601. */
export function resultsPage(tested: readonly Tested[], day: string): string {
  return tested.map((each) => section(each, day)).join('\n');
}

function section({ release, report }: Tested, day: string): string {
  const { homeAssistant, python, debian } = release;
  const files = report.testResults.toSorted((a, b) => a.name.localeCompare(b.name));
  const rows = files.flatMap(({ name, assertionResults }) => {
    const subject = /([\w-]+)\.ha\.test\.ts$/.exec(name)?.[1] ?? name;
    return assertionResults.map((assertion) => row(subject, assertion));
  });
  const head = `### Home Assistant ${homeAssistant} (Python ${python}, Debian ${debian}), ${day}`;
  return [head, '', '| | scenario | outcome | took | measured |', '|---|---|---|---:|---|', ...rows, ''].join(
    '\n',
  );
}

function row(subject: string, { title, status, duration = 0, meta }: Assertion): string {
  const took = `${(duration / 1000).toFixed(1)} s`;
  return `| ${[subject, title, status, took, meta?.measured ?? ''].map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('{', '&#123;');
}
