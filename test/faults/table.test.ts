import { expect, it } from 'vitest';
import { type Report, tableOf } from './table.ts';

const REPORT: Report = {
  testResults: [
    {
      assertionResults: [
        {
          title: 'disk full',
          status: 'failed',
          duration: 1_400,
          meta: {
            fault: { group: 'Storage', done: 'filled', holds: 'a | b' },
            told: 'open /tmp/smbwarden-test-Ab3/data/smbwarden.db',
          },
        },
      ],
    },
    {
      assertionResults: [
        {
          title: 'kill -9',
          status: 'passed',
          duration: 61_000,
          meta: {
            fault: { group: 'Process', done: 'killed', holds: 'nothing is lost' },
            measured: ['8 kills', 'VmHWM 60 MB'],
            told: 'the last run <ended>',
          },
        },
      ],
    },
  ],
};

it('shows every fault, by group, what failed included', () => {
  expect(tableOf(REPORT, '2026-11-22').split('\n')).toEqual([
    'Full length, 2026-11-22: 1 of 2 faults passed.',
    '',
    '| | fault | what is done | what must hold besides | outcome | measured | the log says |',
    '|---|---|---|---|---|---|---|',
    '| Process | kill -9 | killed | nothing is lost | passed | 61 s; 8 kills; VmHWM 60 MB | the last run &lt;ended> |',
    '| Storage | disk full | filled | a \\| b | failed | 1 s | open …/data/smbwarden.db |',
    '',
  ]);
});
