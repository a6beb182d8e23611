/**
 * Measures what is promised in numbers: `npm run bench [-- [--quick | --write] [SECTION…]]`. `--write` keeps what was
 * measured in docs/benchmarks.md, section by section as each ends, so that a run that broke off can be taken up by naming
 * the sections that are left. Exit status 1: a limit was missed, or a section failed; 3: something was not measured.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { blocksIn, withBlock } from './benchmarks-page.ts';
import { describeMachine, loadNow, troubles } from './machine.ts';
import type { Measured, Section, Table } from './section.ts';
import { SECTIONS } from './sections.ts';
import { markdownTable, tableOf, terminalTable, verdictOf } from './tables.ts';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
/** Characters; the whole of it is on standard error. */
const MOST_OF_A_REASON = 200;
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, write: { type: 'boolean' } },
  allowPositionals: true,
});
const quick = values.quick === true;
const writes = values.write === true;
const chosen = SECTIONS.filter(({ name, inWholeRunsOnly = false }) =>
  positionals.length === 0 ? !(quick && inWholeRunsOnly) : positionals.includes(name),
);
const mistake = mistakeIn(positionals);
if (mistake !== null) {
  console.error(mistake);
  process.exit(2);
}

let pictures: string | null = writes ? IMAGES : null;
const machine = await describeMachine();
const begun = performance.now();
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}, load ${loadNow().toFixed(2)}\n`);
for (const trouble of troubles()) console.error(`note: ${trouble}`);
if (writes) keep('machine', `Newest run: ${today()}, ${machine}.`);
const ended: { readonly section: Section; readonly end: End }[] = [];
for (const section of chosen) ended.push({ section, end: await measure(section) });
conclude();

/** How a section ended. */
type End =
  | { readonly kind: 'measured'; readonly missed: readonly Measured[] }
  | { readonly kind: 'not measured'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

async function measure(section: Section): Promise<End> {
  const { name, about } = section;
  const startedAt = performance.now();
  const secondsSoFar = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
  const say = (text: string): void => console.error(`  … ${name}, ${secondsSoFar()}: ${text}`);
  console.error(`${name}: ${about}`);
  try {
    const missing = (await section.missing?.()) ?? [];
    if (missing.length > 0) return told(name, { kind: 'not measured', why: missing.join('; ') });
    const below: string[] = [];
    const tables: Table[] = [];
    const load = loadNow();
    const measured = await section.run({
      quick,
      say,
      show: (table) => {
        tables.push(table);
        below.push(markdownTable(table));
      },
      draw: (picture, alt, svg) => {
        pictures ??= mkdtempSync(join(tmpdir(), 'smbwarden-bench-'));
        const file = join(pictures, `${picture}.svg`);
        writeFileSync(file, svg);
        below.push(`![${alt}](images/${picture}.svg)`);
        say(`drew ${file}`);
      },
    });
    const rows =
      measured.length === 0 ? [] : [tableOf(`${about.charAt(0).toUpperCase()}${about.slice(1)}:`, measured)];
    const how = `Measured ${today()} in ${secondsSoFar()}; load ${load.toFixed(1)} before, ${loadNow().toFixed(1)} after.`;
    console.log(`${[...[...rows, ...tables].map(terminalTable), how].join('\n\n')}\n`);
    if (writes) keep(name, [...rows.map(markdownTable), ...below, `<sub>${how}</sub>`].join('\n\n'));
    return { kind: 'measured', missed: measured.filter((row) => verdictOf(row) === 'missed') };
  } catch (error) {
    console.error(error);
    const [why = ''] = String(error).split('\n');
    return told(name, { kind: 'failed', why: why.slice(0, MOST_OF_A_REASON) });
  }
}

function told(name: string, end: Exclude<End, { kind: 'measured' }>): End {
  console.log(`${name}: ${end.kind}: ${end.why}\n`);
  return end;
}

/** Sums up, says what is left to do, and sets the exit status. */
function conclude(): void {
  const of = (kind: End['kind']) =>
    ended.filter(({ end }) => end.kind === kind).map(({ section }) => section.name);
  const [measured, unmeasured, failed] = [of('measured'), of('not measured'), of('failed')];
  const missed = ended.flatMap(({ section, end }) =>
    end.kind === 'measured' ? end.missed.map(({ what }) => `${section.name}: ${what}`) : [],
  );
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  console.log(`${minutes} minutes; measured: ${measured.join(', ') || 'nothing'}`);
  const leftOut = SECTIONS.filter(({ inWholeRunsOnly = false }) => inWholeRunsOnly).map(({ name }) => name);
  if (quick && positionals.length === 0) console.log(`left out of a quick run: ${leftOut.join(', ')}`);
  for (const each of missed) console.log(`missed: ${each}`);
  for (const { section, end } of ended)
    if (end.kind !== 'measured') console.log(`${end.kind}: ${section.name}: ${end.why}`);
  const left = [...unmeasured, ...failed];
  if (left.length > 0)
    console.log(`to measure what is left: npm run bench --${writes ? ' --write' : ''} ${left.join(' ')}`);
  if (missed.length + failed.length > 0) process.exitCode = 1;
  else if (unmeasured.length > 0) process.exitCode = 3;
}

function keep(name: string, body: string): void {
  writeFileSync(PAGE, withBlock(readFileSync(PAGE, 'utf8'), { name, body }));
}

function mistakeIn(names: readonly string[]): string | null {
  const known = SECTIONS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) return `no section ${unknown.join(', ')}; there are: ${known.join(', ')}`;
  if (quick && writes) return 'a quick run is no measurement to keep: --quick or --write';
  const places = blocksIn(readFileSync(PAGE, 'utf8'));
  const homeless = chosen.filter(({ name }) => !places.includes(name)).map(({ name }) => name);
  if (writes && homeless.length > 0) return `docs/benchmarks.md has no place for ${homeless.join(', ')}`;
  return null;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
