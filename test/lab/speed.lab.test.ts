/**
 * How quick a sweep of the lab's /24 is, beside the tool that a user would take instead. It prints and does not judge:
 * machines differ. Timings alternate, medians count; every run begins with an empty neighbour table, as nmap's raw ARP
 * does by itself.
 */
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab } from './build-lab.ts';
import { CAST } from './hosts.ts';
import { SUBNET } from './lan.ts';
import { Program } from './program.ts';

const ROUNDS = 3;
const HOSTILE_FROM = '10.77.0.50';

let lab: Lab;

beforeAll(async () => {
  lab = await buildLab(CAST.filter((member) => member.address < HOSTILE_FROM));
});
afterAll(() => lab?.close());

test('prints how long a sweep of the /24 and nmap take, side by side', async () => {
  const paces = ['normal', 'fast'] as const;
  const times: Record<'nmap' | (typeof paces)[number], number[]> = { nmap: [], normal: [], fast: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const pace of paces) times[pace].push(await sweepMs(pace, round));
    times.nmap.push(await nmapMs());
  }
  const nmap = median(times.nmap);
  const rows = [
    ['nmap -n -sS -p135,139,445', times.nmap],
    ['smbwarden, pace normal (default)', times.normal],
    ['smbwarden, pace fast', times.fast],
  ] as const;
  const lines = rows.map(([name, ms]) => {
    const range = `${Math.min(...ms)} to ${Math.max(...ms)}`;
    return `  ${name.padEnd(33)} median ${String(median(ms)).padStart(5)} ms (${range}), ${(median(ms) / nmap).toFixed(2)} of nmap`;
  });
  console.log(
    [
      `The lab's /24 with ${lab.hosts.length} hosts, ${ROUNDS} rounds, until the last live host's result:`,
      ...lines,
    ].join('\n'),
  );
  for (const ms of Object.values(times)) expect(ms).toHaveLength(ROUNDS);
}, 180_000);

/** To the last live host's result: presence, node status, port states and one negotiate per SMB host. */
async function sweepMs(pace: string, round: number): Promise<number> {
  const program = await Program.install(lab, `speed-${pace}-${round}`, `pace: ${pace}\n`);
  await forgetNeighbours();
  const { sweep } = await program.json<{ sweep: object }>('sweep', '--level', 'L2');
  expect(sweep).toMatchObject({ complete: true, hostsUp: lab.hosts.length + 1 });
  const database = new Database(`${program.dataDir}/smbwarden.db`, { readonly: true });
  const lastAnswerMs = database.prepare('SELECT last_answer_ms FROM sweeps').pluck().get();
  database.close();
  return Number(lastAnswerMs);
}

/** Whole process: nmap has nothing else to wait for at its end. */
async function nmapMs(): Promise<number> {
  await forgetNeighbours();
  const { durationMs } = await lab.agent.run('nmap', ['-n', '-sS', '-p135,139,445', SUBNET], {
    timeoutMs: 60_000,
  });
  return durationMs;
}

async function forgetNeighbours(): Promise<void> {
  await lab.agent.run('ip', ['neigh', 'flush', 'all']);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
