import { expect, it } from 'vitest';
import { carryOut } from '../../../agent/decisions/carry-out.ts';
import { obey } from '../../../agent/decisions/obey.ts';
import type { AgentCommand } from '../../../agent/publish/publisher.ts';
import type { SweepOrder } from '../../../agent/sweep/sweeper.ts';
import { DECIDED_ON, decisionWorld } from '../../support/decision-world.ts';

function obedient() {
  const { world, storage } = decisionWorld();
  const sweeps: SweepOrder[] = [];
  const sent: string[] = [];
  const hands = {
    sweepLater: (order: SweepOrder) => void sweeps.push(order),
    republish: () => void sent.push('everything'),
    removeAll: () => void sent.push('nothing'),
    decide: (command: Parameters<typeof carryOut>[0]) => carryOut(command, 'mqtt', world),
  };
  return { tell: (command: AgentCommand) => obey(command, hands, world), sweeps, sent, storage };
}

it('orders a sweep, and a check of one known host at its addresses', () => {
  const { tell, sweeps } = obedient();
  expect(tell({ kind: 'sweep', level: 'L2' })).toEqual({ ok: true });
  expect(tell({ kind: 'recheck', hostId: DECIDED_ON.id })).toEqual({ ok: true });
  expect(sweeps).toEqual([
    { kind: 'sweep', targets: [], level: 'L2' },
    { kind: 'check', targets: ['192.168.1.21'], level: null },
  ]);
});

it('never asks an address that no known host has', () => {
  const { tell, sweeps } = obedient();
  expect(tell({ kind: 'recheck', hostId: 'h000000000000' })).toEqual({
    ok: false,
    error: 'host h000000000000: not known',
  });
  expect(sweeps).toEqual([]);
});

it('sends everything again, clears everything, and carries decisions out', () => {
  const { tell, sent, storage } = obedient();
  expect(tell({ kind: 'republish' })).toEqual({ ok: true });
  expect(tell({ kind: 'remove-all' })).toEqual({ ok: true });
  expect(sent).toEqual(['everything', 'nothing']);
  expect(tell({ kind: 'set-threshold', severity: 'low' })).toEqual({ ok: true });
  expect(storage.settings.get('alert_threshold')).toBe('low');
});

it('audits every command once, with its source', () => {
  const { tell, storage } = obedient();
  tell({ kind: 'sweep', level: null });
  tell({ kind: 'recheck', hostId: DECIDED_ON.id });
  tell({ kind: 'republish' });
  tell({ kind: 'remove-all' });
  tell({ kind: 'resume' });
  const audited = storage.commands.newest(10);
  expect(audited.map(({ command }) => command)).toEqual([
    'resume',
    'remove-all',
    'republish',
    'recheck',
    'sweep',
  ]);
  expect(new Set(audited.map(({ source }) => source))).toEqual(new Set(['mqtt']));
});
