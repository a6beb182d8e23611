import { visible } from '../../domain/text.ts';
import type { Check, Verdict } from '../doctor/check.ts';
import { count, paint, type Style, type View, wrap } from './text.ts';

/** How `doctor` tells what it saw. */

const VERDICT_WIDTH = 9;
const MOST_COLUMNS = 120;

const VERDICT_STYLE: Readonly<Record<Verdict, readonly Style[]>> = {
  ok: ['green'],
  warning: ['yellow'],
  fault: ['bold', 'red'],
  unknown: ['dim'],
};

/** One paragraph a check: verdict, name and what was seen; below, what to do, each command on a line of its own. */
export function doctorText(checks: readonly Check[], view: View): string {
  const nameWidth = Math.max(0, ...checks.map(({ name }) => name.length)) + 2;
  return [...checks.map((check) => checkLines(check, nameWidth, view)), '', summary(checks)].join('\n');
}

function checkLines({ name, verdict, what, advice, commands }: Check, nameWidth: number, view: View): string {
  const indent = ' '.repeat(VERDICT_WIDTH + nameWidth);
  const width = Math.min(view.width, MOST_COLUMNS);
  const wrapped = (text: string) => wrap(visible(text), width, indent);
  const title = `${paint(verdict.padEnd(VERDICT_WIDTH), VERDICT_STYLE[verdict], view)}${name.padEnd(nameWidth)}`;
  return [
    `${title}${wrapped(what).slice(indent.length)}`,
    ...(advice === null ? [] : [wrapped(advice)]),
    ...commands.map((command) => `${indent}  ${paint(visible(command), ['cyan'], view)}`),
  ].join('\n');
}

function summary(checks: readonly Check[]): string {
  const having = (verdict: Verdict) => checks.filter((check) => check.verdict === verdict).length;
  const counted = [
    [having('fault'), 'fault'],
    [having('warning'), 'warning'],
  ] as const;
  const found = counted.flatMap(([number, noun]) => (number === 0 ? [] : [count(number, noun)]));
  const unseen = having('unknown');
  const rest = unseen === 0 ? '' : `; ${unseen} could not be looked at or told`;
  return `${found.length === 0 ? 'No fault' : found.join(', ')} in ${count(checks.length, 'check')}${rest}.`;
}

/** `doctor --json` and `doctor HOST --json`; `host` null: none was named. */
export function doctorJson(
  checks: readonly Check[],
  host: { readonly asked: string; readonly id: string | null; readonly address: string | null } | null,
): object {
  const ok = checks.every(({ verdict }) => verdict !== 'fault');
  return { schema: 1, ok, ...(host === null ? {} : { host }), checks };
}
