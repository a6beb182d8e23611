import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What vitest's JSON reporter tells, as far as it is shown. */
export interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[];
}

interface Assertion {
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';
  /** Milliseconds. */
  readonly duration?: number;
  readonly meta?: {
    readonly fault?: { readonly group: string; readonly done: string; readonly holds: string };
    readonly measured?: readonly string[];
    readonly told?: string;
  };
}

const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
const BEGIN = '<!-- faults: begin (written by SMBWARDEN_FAULTS=full npm run test:faults) -->';
const END = '<!-- faults: end -->';
/** Where the data directory of a test lies, which says nothing to anybody. */
const SCRATCH = /\S*\/smbwarden-test-\w+\/data/g;
const GROUPS = ['Process', 'Storage', 'Database', 'Clock', 'Network', 'Broker', 'Hostile LAN'];

/** Writes the table of faults into docs/reliability.md, where any were tried. @throws Error when the page has no place for it. */
export async function writeTable(report: Report, day: string): Promise<void> {
  if (report.testResults.length === 0) return;
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE}: no place for the table`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${tableOf(report, day)}\n${END}${after}`);
}

/** Markdown: the day and a table. `day` is ISO 8601. */
export function tableOf(report: Report, day: string): string {
  const faults = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const place = ({ meta }: Assertion) => GROUPS.indexOf(meta?.fault?.group ?? '');
  const rows = faults.toSorted((a, b) => place(a) - place(b)).map(row);
  const passed = faults.filter(({ status }) => status === 'passed').length;
  return [
    `Full length, ${day}: ${passed} of ${faults.length} faults passed.`,
    '',
    '| | fault | what is done | what must hold besides | outcome | measured | the log says |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function row({ title, status, duration = 0, meta }: Assertion): string {
  const { group = '', done = '', holds = '' } = meta?.fault ?? {};
  const measured = [`${(duration / 1000).toFixed(0)} s`, ...(meta?.measured ?? [])].join('; ');
  const cells = [
    group,
    title,
    done,
    holds,
    status,
    measured,
    (meta?.told ?? '').replaceAll(SCRATCH, '…/data'),
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('{', '&#123;').replaceAll('\n', ' ');
}
