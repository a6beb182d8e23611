/** What a session without name and password is given: told as the servers are configured, once a day, leaving no trace. */
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Share } from '../../domain/facts.ts';
import { buildLab, type Lab } from './build-lab.ts';
import { CAST, castOf } from './hosts.ts';
import { anonymousShares } from './judges.ts';
import { Program } from './program.ts';

interface SweepJson {
  readonly hosts: readonly {
    addresses: readonly string[];
    smb: { anonymous: { session: string; shares: readonly Share[] | null } } | null;
  }[];
  readonly changes: readonly { type: string; summary: string }[];
}

/** Servers of which an anonymous session is told something, or refused it, over SMB 2 or 3. */
const MEMBERS = CAST.filter(
  ({ samba, expected }) =>
    samba !== undefined && expected.smb?.dialects.some((dialect) => dialect !== 'NT LM 0.12'),
);

let lab: Lab;
let program: Program;
let sweep: SweepJson;

beforeAll(async () => {
  lab = await buildLab(castOf(...MEMBERS.map(({ name }) => name)));
  program = await Program.install(lab, 'program');
  sweep = await program.json<SweepJson>('sweep');
}, 120_000);
afterAll(() => lab?.close());

test.each(MEMBERS.map((member) => [member.name, member] as const))(
  'is told the shares of %s that its configuration gives away, as smbclient is',
  async (_, { address, expected }) => {
    const told =
      disksOf(address)
        ?.map(({ name }) => name)
        .sort() ?? null;
    expect(told).toEqual(expected.smb?.anonymousShares ?? null);
    expect(told).toEqual(await anonymousShares(lab.agent, address));
  },
);

test('says of each share whether it is given away for reading and for writing', () => {
  const access = disksOf('10.77.0.21')?.map(({ name, readable, writable }) => ({ name, readable, writable }));
  expect(access).toEqual([
    { name: 'media', readable: 'yes', writable: 'no' },
    { name: 'public', readable: 'yes', writable: 'yes' },
    { name: 'secret', readable: 'no', writable: 'no' },
  ]);
});

test('tries to log on once a day, however often it sweeps and looks again', async () => {
  const before = askedAnonymously();
  await program.json('sweep', '--level', 'L4');
  await program.json('check', '10.77.0.21');
  expect(askedAnonymously()).toEqual(before);
});

test.each([
  [
    'a share is opened to guests',
    { data: { 'guest ok': 'yes', 'read only': 'yes' } },
    ['A share can be read'],
  ],
  [
    'guests may write to it',
    { data: { 'guest ok': 'yes', 'read only': 'no' } },
    ['A share may be written to'],
  ],
  [
    'it is closed to guests again',
    { data: { 'guest ok': 'no' } },
    ['A share can be read', 'A share may be written to'],
  ],
])('sees a day later that %s', async (_, shares, expected) => {
  await lab.samba('nas').restartWith({ 'map to guest': 'Bad User' }, { shares });
  aDayPasses();
  const { changes } = await program.json<SweepJson>('sweep', '--subnet', '10.77.0.20');
  const findings = changes.filter(({ type }) => type.startsWith('finding_')).map(({ summary }) => summary);
  expect(findings).toHaveLength(expected.length);
  for (const words of expected) expect(findings.join('\n')).toContain(words);
});

test('leaves no file behind and no failed logon in the logs of Samba', async () => {
  const { stdout: files } = await lab
    .host('legacy')
    .station.run('find', [lab.folder, '-path', '*/samba/shares/*', '-type', 'f']);
  expect(files).toBe('');
  const { stdout: failures } = await lab
    .host('legacy')
    .station.run('grep', [
      '-rniE',
      'logon_failure|wrong_password|no_such_user|PANIC',
      '--include=*log*',
      lab.folder,
    ]);
  expect(failures).toBe('');
});

function disksOf(address: string): Share[] | null {
  const anonymous = sweep.hosts.find(({ addresses }) => addresses.includes(address))?.smb?.anonymous;
  return anonymous?.shares?.filter(({ type }) => type === 'disk') ?? null;
}

function askedAnonymously(): unknown[] {
  return inDatabase((database) =>
    database.prepare("SELECT id, asked_at ->> 'anonymous' AS at FROM hosts ORDER BY id").all(),
  );
}

/** Every question is due again. */
function aDayPasses(): void {
  inDatabase((database) => database.prepare("UPDATE hosts SET asked_at = '{}'").run());
}

function inDatabase<Result>(work: (database: Database.Database) => Result): Result {
  const database = new Database(`${program.dataDir}/smbwarden.db`);
  try {
    return work(database);
  } finally {
    database.close();
  }
}
