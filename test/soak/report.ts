import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type Figure, figuresOf, isExceeded, type Limits } from './figures.ts';
import type { PhaseResult } from './phase.ts';

/** The report of a soak: for a terminal, and as a section of a page. */

export interface Reported {
  readonly result: PhaseResult;
  readonly limits: Limits;
}

/** Everything that did not hold, one sentence each. */
export function complaints(reported: readonly Reported[]): string[] {
  return reported.flatMap(({ result, limits }) => [
    ...result.failures.map((failure) => `${result.plan.name}: ${failure}`),
    ...figuresOf(result, limits)
      .filter(isExceeded)
      .map((figure) => `${result.plan.name}: ${figure.what}: ${shown(figure)}, at most ${figure.most}`),
  ]);
}

/** For a terminal. */
export function reportText(reported: readonly Reported[]): string {
  return reported
    .flatMap(({ result, limits }) => [
      `${result.plan.name}: ${doneIn(result)}`,
      ...figuresOf(result, limits).map((figure) => {
        const limit = figure.most === null ? '' : `  at most ${figure.most} ${figure.unit}`.trimEnd();
        const verdict = isExceeded(figure) ? '  EXCEEDED' : '';
        return `  ${figure.what.padEnd(54)}${shown(figure).padStart(12)}${limit}${verdict}`;
      }),
      `  ${rowsOf(result)}`,
      `  ${comparedWords(result)}`,
      '',
    ])
    .join('\n');
}

/** For docs/reliability.md. `at`: milliseconds UTC. */
export function reportPage(reported: readonly Reported[], at: number): string {
  const machine = `${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown make'}, other work on it`;
  const [first] = reported;
  const head = reported.map(({ result }) => result.plan.name);
  const columns = reported.map(({ result, limits }) => figuresOf(result, limits));
  const rows = (columns[0] ?? []).map(({ what }, i) => {
    const cells = columns.map((figures) => cell(figures[i] as Figure));
    return `| ${what} | ${cells.join(' | ')} |`;
  });
  return [
    `On ${new Date(at).toISOString().slice(0, 10)}, Node.js ${process.versions.node}, ${machine}. In brackets what must not be exceeded.`,
    '',
    `| ${['', ...head].join(' | ')} |`,
    `|${'---|'.repeat(head.length + 1)}`,
    `| run | ${reported.map(({ result }) => doneIn(result)).join(' | ')} |`,
    ...rows,
    '',
    ...reported.map(
      ({ result }) => `${capital(result.plan.name)}: ${comparedWords(result)} ${rowsOf(result)}\n`,
    ),
    ...(first === undefined ? [] : [alterationsWords(reported)]),
  ].join('\n');
}

const [BEGIN, END] = ['<!-- soak: begin (written by npm run soak) -->', '<!-- soak: end -->'];

/** Writes the section between its marks, at the end of the page where it has none yet. */
export function writeSection(file: string, section: string): void {
  const page = readFileSync(file, 'utf8');
  const marked = `${BEGIN}\n\n${section.trim()}\n\n${END}`;
  const [before, rest] = page.split(BEGIN);
  const next =
    rest === undefined
      ? `${page.trimEnd()}\n\n## Soak\n\n${marked}\n`
      : `${before}${marked}${rest.slice(rest.indexOf(END) + END.length)}`;
  writeFileSync(file, next);
}

function doneIn({ swept, tookMs }: PhaseResult): string {
  return `${swept.length.toLocaleString('en-GB')} sweeps in ${Math.round(tookMs / 60_000)} min`;
}

function comparedWords({ altered, comparisons, measured, failures }: PhaseResult): string {
  const times = [...altered.values()].reduce((sum, count) => sum + count, 0);
  const events = measured.at(-1)?.recordedEvents ?? 0;
  const found = failures.length === 0 ? 'no difference' : `${failures.length} failures`;
  return `${times} times something was altered; ${events} events; ${comparisons} comparisons of database and broker, ${found}.`;
}

function rowsOf({ measured }: PhaseResult): string {
  const rows = Object.entries(measured.at(-1)?.space.rows ?? {}).filter(([, count]) => count > 0);
  return `Rows at the end: ${rows.map(([table, count]) => `${table} ${count}`).join(', ')}.`;
}

function alterationsWords(reported: readonly Reported[]): string {
  const what = new Set(reported.flatMap(({ result }) => [...result.altered.keys()]));
  return `Altered, and turned back again: ${[...what].join('; ')}.`;
}

function cell(figure: Figure): string {
  const limit = figure.most === null ? '' : ` (${figure.most})`;
  return `${shown(figure)}${limit}${isExceeded(figure) ? ' **exceeded**' : ''}`;
}

function shown({ value, unit }: Figure): string {
  const digits = unit === 'MB' ? 2 : unit === '' && !Number.isInteger(value) ? 2 : 0;
  return `${value.toFixed(digits)} ${unit}`.trim();
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
