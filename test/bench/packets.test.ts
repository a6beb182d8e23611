import { expect, it } from 'vitest';
import { attemptsAt, packetsIn, spentOn } from '../../test/bench/packets.ts';

const NAS = '10.77.0.20';

/** As capture.py writes them; times in milliseconds, for legibility. */
function packets(...lines: readonly string[]) {
  const text = lines.map((line) => line.replace(/^\d+/, (ms) => String(Number(ms) / 1_000)));
  return packetsIn(`ready\n${text.join('\n')}\n`);
}

const ACCEPTED = [
  `0 > tcp ${NAS} 445 40001 S 0`,
  `1 < tcp ${NAS} 445 40001 SA 0`,
  `2 > tcp ${NAS} 445 40001 PA 236`,
  `8 < tcp ${NAS} 445 40001 PA 300`,
  `10 < tcp ${NAS} 445 40001 FA 0`,
];
const REFUSED = [`110 > tcp ${NAS} 139 40002 S 0`, `111 < tcp ${NAS} 139 40002 RA 0`];
const SILENT = [`211 > tcp ${NAS} 135 40003 S 0`];

it('finds each attempt at a host, and what came of it', () => {
  const other = '0 > tcp 10.77.0.21 445 40009 S 0';
  const attempts = attemptsAt(NAS, packets(other, ...ACCEPTED, ...REFUSED, ...SILENT));
  expect(attempts).toMatchObject([
    { port: 445, askedAt: 0, answeredAt: 1, accepted: true, endedAt: 10 },
    { port: 139, askedAt: 110, answeredAt: 111, accepted: false, endedAt: 111 },
    { port: 135, askedAt: 211, answeredAt: null, accepted: false },
  ]);
});

it('takes a refusal by ICMP for an answer', () => {
  const [attempt] = attemptsAt(NAS, packets(...SILENT, `212 < tcp ${NAS} 135 40003 U 0`));
  expect(attempt).toMatchObject({ answeredAt: 212, accepted: false });
});

it('leaves out a last line that is still being written', () => {
  expect(packetsIn(`0.001 > tcp ${NAS} 445 40001 S 0\n0.002 < tcp ${NAS} 445 400`)).toHaveLength(1);
});

it('parts the time of a visit into connections, silence and pauses', () => {
  expect(spentOn(attemptsAt(NAS, packets(...ACCEPTED, ...REFUSED, ...SILENT)))).toEqual({
    connected: 11,
    waiting: 400,
    paused: 200,
    endedAt: 611,
  });
});

it('counts attempts under way at the same time once', () => {
  const both = packets(`0 > tcp ${NAS} 445 40001 S 0`, `100 > tcp ${NAS} 139 40002 S 0`);
  expect(spentOn(attemptsAt(NAS, both))).toMatchObject({ connected: 0, waiting: 500, paused: 0 });
});
