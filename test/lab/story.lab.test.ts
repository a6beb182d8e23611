/**
 * A story of one home, told with real Samba: a NAS is relaxed, opened, closed, hardened and moved, a PC goes and comes
 * back, and another machine takes its address. After each chapter the change log, `since` and `diff` are asked, and the
 * whole log is a golden file to be read.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab } from './build-lab.ts';
import type { CastMember } from './hosts.ts';
import { Program } from './program.ts';

interface ChangeJson {
  readonly id: number;
  readonly type: string;
  readonly summary: string;
}
interface SinceJson {
  readonly value: unknown;
  readonly since: string | null;
  readonly before: readonly { readonly value: unknown }[];
}

const NOT_JUDGED: CastMember['expected'] = {
  ports: { 'tcp/135': 'closed', 'tcp/139': 'closed', 'tcp/445': 'open', 'udp/137': 'closed' },
  netbios: null,
  smb: null,
};
const NAS: CastMember = {
  name: 'nas',
  address: '10.77.0.20',
  mac: '00:11:32:00:00:20',
  plays: 'a NAS with a share for its owner',
  samba: {
    options: { 'netbios name': 'NAS', 'map to guest': 'Bad User' },
    shares: { photos: { 'guest ok': 'no', 'read only': 'no' } },
    nmbd: true,
  },
  expected: NOT_JUDGED,
};
const PC: CastMember = {
  name: 'pc',
  address: '10.77.0.30',
  mac: '3c:52:82:00:00:30',
  plays: 'a PC that shares a folder, hardened',
  samba: {
    options: {
      'netbios name': 'PC',
      'server min protocol': 'SMB3_11',
      'server signing': 'mandatory',
      'restrict anonymous': '2',
      'disable netbios': 'yes',
      'smb ports': '445',
    },
    shares: { docs: {} },
    nmbd: false,
  },
  expected: NOT_JUDGED,
};
const OTHER_PC: CastMember = { ...PC, name: 'other-pc', mac: '3c:52:82:00:00:31', plays: 'another PC' };

const CHAPTERS: readonly {
  readonly title: string;
  readonly act: () => Promise<void>;
  readonly sweeps?: number;
}[] = [
  { title: 'the first sweep', act: async () => {} },
  { title: 'a day on which nothing happens', act: async () => {} },
  {
    title: 'an update brings SMB 1 back to the NAS',
    act: () => lab.samba('nas').restartWith({ 'server min protocol': 'NT1' }),
  },
  {
    title: 'the share is opened to everybody, for writing',
    act: () =>
      lab.samba('nas').restartWith({}, { shares: { photos: { 'guest ok': 'yes', 'read only': 'no' } } }),
  },
  {
    title: 'the share is closed again',
    act: () =>
      lab.samba('nas').restartWith({}, { shares: { photos: { 'guest ok': 'no', 'read only': 'no' } } }),
  },
  {
    title: 'the NAS is hardened: 3.1.1 only, signing required, no NetBIOS',
    act: () =>
      lab.samba('nas').restartWith(
        {
          'server min protocol': 'SMB3_11',
          'server signing': 'mandatory',
          'restrict anonymous': '2',
          'disable netbios': 'yes',
          'smb ports': '445',
        },
        { nmbd: false },
      ),
  },
  { title: 'the NAS moves to another address', act: () => lab.host('nas').moveTo('10.77.0.120') },
  { title: 'the PC is switched off', act: () => lab.host('pc').switchOff(), sweeps: 3 },
  { title: 'the PC is back', act: () => lab.host('pc').switchOn() },
  {
    title: 'another machine takes the address of the PC',
    act: async () => {
      await lab.remove('pc');
      await lab.add(OTHER_PC);
    },
    sweeps: 3,
  },
];

let lab: Lab;
let program: Program;
const log: string[] = [];
/** When each chapter was over, by its title. */
const over = new Map<string, string>();
let lastChange = 0;

beforeAll(async () => {
  lab = await buildLab([NAS, PC]);
  program = await Program.install(lab, 'story', 'targets: ["10.77.0.20-31", 10.77.0.120]\n');
}, 60_000);
afterAll(() => lab?.close());

test.each(CHAPTERS)('$title', async ({ title, act, sweeps = 1 }) => {
  await act();
  if (title !== CHAPTERS[0]?.title) program.daysPass(1);
  await completeSweeps(sweeps);
  const { changes } = await program.json<{ changes: ChangeJson[] }>('history', '--limit', '1000');
  const fresh = changes.filter(({ id }) => id > lastChange).reverse();
  lastChange = Math.max(lastChange, ...fresh.map(({ id }) => id));
  // Hosts of one sweep come in no order; what is told of each has one.
  const byHost = fresh.toSorted((a, b) => hostOf(a).localeCompare(hostOf(b)));
  log.push(`# ${title}`, ...byHost.map(({ type, summary }) => `${type}: ${summary}`), '');
  over.set(title, new Date().toISOString());
});

/** A host that was there a moment ago may leave a sweep undecided: that one does not count. */
async function completeSweeps(wanted: number): Promise<void> {
  for (let done = 0, tries = 0; done < wanted; tries += 1) {
    expect(tries).toBeLessThan(3 * wanted);
    const { code } = await program.run('sweep', '--quiet');
    expect([0, 4]).toContain(code);
    if (code === 0) done += 1;
  }
}

function hostOf({ type, summary }: ChangeJson): string {
  return type === 'baseline' ? '' : (/^\w+/.exec(summary)?.[0] ?? '');
}

test('the change log is exactly the story', async () => {
  await expect(`${log.join('\n').trimEnd()}\n`).toMatchFileSnapshot('../golden/story.txt');
});

test('since tells what holds, since when, and what was before', async () => {
  const smb1 = await program.json<SinceJson>('since', 'nas', 'smb1');
  expect(smb1.value).toBe('no');
  expect(smb1.before.map(({ value }) => value)).toEqual(['yes', 'no']);
  expect(Date.parse(smb1.since ?? '')).toBeGreaterThan(
    Date.parse(over.get('the share is closed again') ?? ''),
  );
  const address = await program.json<SinceJson>('since', 'nas', 'address');
  expect(JSON.stringify(address)).toContain('10.77.0.20');
});

test('diff tells what differs between two moments, and not what went and came back meanwhile', async () => {
  const between = async (from: string, to: string) =>
    JSON.stringify(
      await program.json('diff', '--since', over.get(from) ?? '', '--until', over.get(to) ?? ''),
    );
  const opened = await between(
    'a day on which nothing happens',
    'the share is opened to everybody, for writing',
  );
  expect(opened).toContain('smb1-enabled');
  expect(opened).toContain('smb-guest-writable-share');
  const back = await between('an update brings SMB 1 back to the NAS', 'the share is closed again');
  expect(back).not.toContain('smb-guest-writable-share');
  const gone = await between('the PC is switched off', 'the PC is back');
  expect(gone).toContain('PC');
  const idle = await between('the first sweep', 'a day on which nothing happens');
  expect(JSON.parse(idle)).toMatchObject({ hosts: [] });
});
