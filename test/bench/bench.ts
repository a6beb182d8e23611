/** Measures what is promised in numbers: `npm run bench [-- --quick] [SECTION…]`. Exit status 1 when a limit is exceeded. */
import { parseArgs } from 'node:util';
import type { Measured, Section } from './section.ts';
import { yearSection } from './year.ts';

const SECTIONS: readonly Section[] = [yearSection];

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !SECTIONS.some((section) => section.name === name));
if (unknown.length > 0) {
  console.error(
    `no section ${unknown.join(', ')}; there are: ${SECTIONS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const chosen = SECTIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
for (const { name, about, run } of chosen) {
  console.log(`${name}: ${about}`);
  const say = (text: string) => console.error(`  … ${text}`);
  const measured = await run({ quick: values.quick === true, say });
  for (const each of measured) console.log(`  ${line(each)}`);
  if (measured.some(isExceeded)) process.exitCode = 1;
}

function line(measured: Measured): string {
  const { what, value, unit, most, note } = measured;
  const shown = `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`.padStart(12);
  const limit = most === null ? '' : `  at most ${most} ${unit}`;
  const remark = note === undefined ? '' : `  (${note})`;
  return `${what.padEnd(48)}${shown}${limit}${isExceeded(measured) ? '  EXCEEDED' : ''}${remark}`;
}

function isExceeded({ value, most }: Measured): boolean {
  return most !== null && !(value <= most);
}
