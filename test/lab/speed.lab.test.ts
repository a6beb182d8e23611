/**
 * How quick a sweep of the lab's /24 is, beside the tool that a user would take instead. It prints and does not judge:
 * machines differ. Timings alternate, medians count; every run begins with an empty neighbour table, as nmap's raw ARP
 * does by itself.
 */
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab, type LabHost } from './build-lab.ts';
import { CAST } from './hosts.ts';
import { SUBNET } from './lan.ts';
import { nmapPosture, POSTURE_SCRIPTS } from './nmap.ts';
import { Program } from './program.ts';
import { warmUp } from './warm-up.ts';

const ROUNDS = 3;
/** nmap needs most of a minute for each: SMBWARDEN_LAB_ROUNDS says how many are wanted. */
const POSTURE_ROUNDS = Number(process.env.SMBWARDEN_LAB_ROUNDS ?? 1);
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

test('prints how long the full posture of every SMB host takes, beside nmap with its scripts for SMB', async () => {
  const servers = lab.hosts.filter(({ member }) => member.expected.smb !== null);
  const sambas = servers.filter(({ samba }) => samba !== null);
  await warmUp(lab.agent, servers);
  const groups = [
    { of: `all ${servers.length} SMB hosts`, hosts: servers },
    { of: `the ${sambas.length} Sambas alone`, hosts: sambas },
  ];
  const lines: string[] = [];
  for (const { of, hosts } of groups) {
    const times = { ours: [] as number[], nmap: [] as number[] };
    for (let round = 0; round < POSTURE_ROUNDS; round += 1) {
      times.ours.push(await postureMs(hosts, `posture-${hosts.length}-${round}`));
      times.nmap.push((await nmapPosture(lab.agent, addressesOf(hosts))).durationMs);
    }
    const perHost = (ms: readonly number[]): string => `${Math.round(median(ms) / hosts.length)} ms a host`;
    const ratio = (median(times.ours) / median(times.nmap)).toFixed(3);
    lines.push(
      `  ${of}: smbwarden sweep --level L4 ${perHost(times.ours)} (${times.ours.join(', ')} ms), ` +
        `nmap ${perHost(times.nmap)} (${times.nmap.join(', ')} ms): ${ratio} of nmap`,
    );
  }
  const scripts = POSTURE_SCRIPTS.join();
  console.log(
    [
      `Full posture, first sight, whole commands; nmap -n -Pn -sS -sU --script ${scripts}; rounds: ${POSTURE_ROUNDS}`,
      ...lines,
    ].join('\n'),
  );
}, 600_000);

/** The whole command, on a database of its own, so that every question is put. */
async function postureMs(hosts: readonly LabHost[], name: string): Promise<number> {
  const program = await Program.install(lab, name);
  const subnets = addressesOf(hosts).flatMap((address) => ['--subnet', address]);
  const args = ['sweep', '--level', 'L4', '--json', ...subnets];
  const { code, stdout, stderr, durationMs } = await program.run(...args);
  expect([code, stderr]).toEqual([0, '']);
  const seen = JSON.parse(stdout) as { hosts: readonly { smb: object | null }[] };
  expect(seen.hosts.filter(({ smb }) => smb !== null)).toHaveLength(hosts.length);
  return durationMs;
}

function addressesOf(hosts: readonly LabHost[]): string[] {
  return hosts.map(({ address }) => address);
}

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
