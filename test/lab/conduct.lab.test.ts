/**
 * What many sweeps leave behind on the servers that they ask: one anonymous logon a day in Samba's own log, and nothing
 * else. SMBWARDEN_LAB_SWEEPS says how many sweeps (default 25).
 */
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab, type LabHost } from './build-lab.ts';
import { castOf } from './hosts.ts';
import { Program } from './program.ts';
import { warmUp } from './warm-up.ts';

const SWEEPS = Number(process.env.SMBWARDEN_LAB_SWEEPS ?? 25);
const MOST_MS_A_SWEEP = 6_000;

/** Logons with their outcome, and the command of each request: over SMB 1 at level 3, over SMB 2/3 at level 10. */
const LOG_LEVEL = '3 auth_audit:5 smb2:10';

/** What Samba says at levels 0 and 1 of itself, and of an anonymous session that it refuses something. */
const EXPECTED_IN_LOG: readonly RegExp[] = [
  /smbd version .* started\./,
  /Copyright Andrew Tridgell and the Samba Team/,
  /INFO: Profiling turned OFF/,
  /Got SIGTERM: going down/,
  // samba-dcerpcd 4.17 says so of its own idle workers.
  /rpc_worker_exited: No worker with PID/,
  /guest user \(from session setup\) not permitted to access this share/,
  /create_connection_session_info failed: NT_STATUS_ACCESS_DENIED/,
  /reject guest session as encryption is required/,
];

/** None of SMB 2/3 writes, locks, sets or renames; IOCTL and READ serve the pipe that lists the shares. */
const HARMLESS_SMB2 = [
  ...[
    'SMB2_OP_CLOSE',
    'SMB2_OP_CREATE',
    'SMB2_OP_IOCTL',
    'SMB2_OP_LOGOFF',
    'SMB2_OP_NEGPROT',
    'SMB2_OP_READ',
  ],
  ...['SMB2_OP_SESSSETUP', 'SMB2_OP_TCON', 'SMB2_OP_TDIS'],
];
/** The same for SMB 1; SMBtrans serves the pipe. */
const HARMLESS_SMB1 = [
  ...[
    'SMBclose',
    'SMBnegprot',
    'SMBntcreateX',
    'SMBreadX',
    'SMBsesssetupX',
    'SMBtconX',
    'SMBtdis',
    'SMBtrans',
  ],
  'SMBulogoffX',
];

interface LogEntry {
  readonly level: number;
  readonly text: string;
}

let lab: Lab;
let program: Program;
let servers: readonly LabHost[];
let filesBefore: string;

beforeAll(async () => {
  lab = await buildLab(
    castOf(
      ...['nas', 'legacy', 'modern', 'session-only', 'signed', 'ancient', 'mapper'],
      ...['printer', 'office-printer'],
    ),
  );
  servers = lab.hosts.filter(({ samba }) => samba !== null);
  for (const { samba } of servers) await samba?.restartWith({ 'log level': LOG_LEVEL, 'max log size': '0' });
  await warmUp(lab.agent, servers);
  for (const { samba } of servers) await truncate(samba?.logFile ?? '');
  for (const share of await sharedFolders()) await appendFile(`${share}/letter.txt`, 'Dear Sir,\n');
  filesBefore = await sharedFiles();
  program = await Program.install(lab, 'conduct');
}, 60_000);
afterAll(() => lab?.close());

test(
  `logs on once a day to each server in ${SWEEPS} sweeps, normal and fast, that ask everything else anew`,
  async () => {
    const durations: number[] = [];
    for (let i = 0; i < SWEEPS; i += 1) {
      if (i > 0 && i % 2 === 0) program.daysPass(7, { exceptFor: 'anonymous' });
      await program.configure(`pace: ${i % 4 < 2 ? 'fast' : 'normal'}\n`);
      const wish = i % 2 === 0 ? [] : ['--level', 'L4'];
      const { code, stderr, durationMs } = await program.run('sweep', ...wish, ...everybody());
      expect([code, stderr]).toEqual([0, '']);
      durations.push(durationMs);
    }
    const logons = await logonsByServer();
    const seconds = durations.reduce((sum, ms) => sum + ms, 0) / 1000;
    console.log(
      `${SWEEPS} sweeps of ${lab.hosts.length} hosts to level L4 in ${seconds.toFixed(0)} s; logons in Samba's logs:`,
      JSON.stringify(logons),
    );
    expect(logons).toEqual(timesAsked(1));
  },
  SWEEPS * MOST_MS_A_SWEEP,
);

test('logs on once more on the next day, and not at the second look of that sweep', async () => {
  program.daysPass(1);
  await program.run('sweep', ...everybody());
  await program.run('sweep', ...everybody());
  expect(await logonsByServer()).toEqual(timesAsked(2));
});

test('names no account when it logs on, and is refused none', async () => {
  for (const host of servers) {
    const logons = (await logOf(host)).filter(({ text }) => text.startsWith('Auth: '));
    for (const { text } of logons) {
      expect(text, host.name).toContain('user []\\[]');
      expect(text, host.name).toContain('status [NT_STATUS_OK]');
    }
  }
});

test('sends no command that could write, lock or rename', async () => {
  const commands = new Set<string>();
  for (const host of servers) {
    for (const { text } of await logOf(host)) {
      const command = /opcode\[(SMB2_OP_\w+)\]|switch message (SMB\w+)/.exec(text);
      if (command !== null) commands.add(command[1] ?? command[2] ?? '');
    }
  }
  const harmless = [...HARMLESS_SMB2, ...HARMLESS_SMB1];
  expect([...commands].filter((command) => !harmless.includes(command))).toEqual([]);
  expect([...commands]).toEqual(expect.arrayContaining(['SMB2_OP_CREATE', 'SMBnegprot']));
});

test('leaves no session, connection, open file or lock on any server', async () => {
  for (const { name, samba } of servers) {
    await expect
      .poll(() => samba?.inUse(), { timeout: 10_000, message: name })
      .toEqual({ sessions: 0, tcons: 0, openFiles: 0 });
  }
});

test('leaves every shared file and folder as it was', async () => {
  expect(await sharedFiles()).toBe(filesBefore);
});

test('makes Samba complain of nothing', async () => {
  for (const host of servers) {
    const complaints = (await logOf(host))
      .filter(({ level, text }) => level <= 1 && !EXPECTED_IN_LOG.some((each) => each.test(text)))
      .map(({ text }) => text);
    expect(complaints, host.name).toEqual([]);
  }
});

test('makes no printer print', async () => {
  for (const printer of lab.printers) {
    expect(await printer.received()).toEqual({ connections: 0, bytes: 0 });
    expect(await printer.knocks()).toBe(0);
  }
});

function everybody(): string[] {
  return lab.hosts.flatMap(({ address }) => ['--subnet', address]);
}

/** So many logons to each server that our own database says was asked for one; those that speak SMB 1 alone may not be. */
function timesAsked(times: number): Record<string, number> {
  const asked = new Set(
    program.inDatabase((database) =>
      database.prepare("SELECT mac FROM hosts WHERE asked_at ->> 'anonymous' IS NOT NULL").pluck().all(),
    ),
  );
  return Object.fromEntries(servers.map(({ name, member }) => [name, asked.has(member.mac) ? times : 0]));
}

async function logonsByServer(): Promise<Record<string, number>> {
  const counts = await Promise.all(
    servers.map(async (host) => {
      const log = await logOf(host);
      return [host.name, log.filter(({ text }) => text.startsWith('Auth: ')).length] as const;
    }),
  );
  return Object.fromEntries(counts);
}

/** What smbd and its helpers have logged, each entry on one line. */
async function logOf({ samba }: LabHost): Promise<LogEntry[]> {
  const text = await readFile(samba?.logFile ?? '', 'utf8');
  return text
    .split(/^(?=\[\d{4}\/)/m)
    .map((entry) => {
      const [, level = '0', said = ''] = /^\[[^\]]*?, +(\d+)[^\]]*\][^\n]*\n([\s\S]*)$/.exec(entry) ?? [];
      return { level: Number(level), text: said.trim().replace(/\s*\n\s*/g, ' ') };
    })
    .filter((entry) => entry.text !== '');
}

async function sharedFolders(): Promise<string[]> {
  const { stdout } = await lab.agent.run('find', [lab.folder, '-path', '*/samba/shares/*', '-type', 'd']);
  return stdout.split('\n').filter(Boolean);
}

/** Every file and folder that is shared, with its size, owner, mode, and times of change of content and of attributes. */
async function sharedFiles(): Promise<string> {
  const format = '%p %s %u %m %T@ %C@\n';
  const { stdout } = await lab.agent.run('find', [
    ...[lab.folder, '-path', '*/samba/shares/*', '-printf', format],
  ]);
  return stdout.split('\n').sort().join('\n');
}
