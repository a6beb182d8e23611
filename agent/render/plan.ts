import type { SweepPlan } from '../commands/context.ts';
import { tableText } from './table.ts';
import { addressCount, cell, paint, type View } from './text.ts';

/** `sweep --dry-run`: what would be sent to whom. */
export function planText(plan: SweepPlan, view: View): string {
  const { coverage, questions, skipped } = plan;
  const asked = coverage.onLink.length + coverage.routed.length + coverage.loopback.length;
  const rows = questions.map(({ level, transport, port, asks, to, atMost }) => [
    cell(level),
    cell(`${transport}/${port}`),
    cell(asks),
    cell(to),
    cell(`${atMost}`),
  ]);
  const columns = [
    { title: 'LEVEL', dropped: 1 },
    { title: 'PORT' },
    { title: 'QUESTION', shrinkTo: 20 },
    { title: 'ASKED OF', shrinkTo: 14, dropped: 2 },
    { title: 'AT MOST', align: 'right' as const },
  ];
  const targets = plan.targets.length === 0 ? 'this machine only' : plan.targets.join(', ');
  const sections = [
    paint(`A sweep of ${targets} at level ${plan.level} would ask ${addressCount(asked)}:`, ['bold'], view),
    rows.length === 0 ? '' : tableText(columns, rows, view),
    ownLine(plan),
    sleepersLine(plan),
    skipped.map((each) => `Not swept: ${each.cidr} on ${each.interface} (${each.reason})`).join('\n'),
    'At most: datagrams or connections per address, repeats included. Nothing was sent.',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function ownLine({ coverage }: SweepPlan): string {
  if (coverage.own.length === 0) return '';
  return `This machine (${coverage.own.join(', ')}) is looked at from the inside; nothing is sent to it.`;
}

function sleepersLine({ asleep = [] }: SweepPlan): string {
  return asleep.length === 0 ? '' : `Left asleep by your wish, with nothing sent: ${asleep.join(', ')}.`;
}
