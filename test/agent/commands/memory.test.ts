import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { openTestStorage, temporaryFile } from '../../support/open-database.ts';
import { firstSight, seenAgain, sweepOf } from '../../support/sample-history.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';
import { STORY, storyStorage } from '../../support/story.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
const iso = (at: number) => new Date(at).toISOString();
const run = (...args: string[]) => runCommand(args, { storage: storyStorage });

describe('every question to the memory', () => {
  it.each([
    ['story-history', ['history']],
    ['story-host-history', ['host', 'nas', '--history']],
    ['story-finding', ['finding', 'f_000002']],
    ['diff', ['diff', '--since', '60h']],
    ['diff-between', ['diff', '--since', iso(STORY.begin), '--until', iso(STORY.relaxed)]],
    ['diff-none', ['diff', '--since', iso(STORY.begin), '--until', iso(STORY.hardened - 86_400_000 - 1)]],
    ['since-smb1', ['since', 'nas', 'smb1']],
    ['since-signing', ['since', 'nas', 'signing']],
    ['since-guest', ['since', 'nas', 'guest']],
    ['since-shares', ['since', 'nas', 'shares']],
    ['since-address', ['since', 'nas', 'address']],
    ['since-port', ['since', 'nas', 'tcp/139']],
    ['since-rule', ['since', 'nas', 'smb1-enabled']],
    ['since-present', ['since', '192.168.1.9', 'present']],
  ])('is answered as the golden file %s holds, as text and as JSON', async (name, args) => {
    const text = await run(...args);
    expect(text).toMatchObject({ status: 0, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await run(...args, '--json');
    expect(json).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ schema: 1 });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });
});

describe('the memory', () => {
  it('answers while somebody writes to it, and after they have stopped', async () => {
    const file = temporaryFile();
    const writer = openTestStorage({ file });
    writer.history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight()]));
    const storage = () => openTestStorage({ file, mode: 'read-only' });
    const ask = async () => {
      for (const args of [
        ['history'],
        ['diff', '--since', '1h'],
        ['since', 'nas', 'smb1'],
        ['finding', 'f_3k'],
        ['host', 'nas', '--history'],
        ['ledger'],
        ['export'],
      ]) {
        expect(await runCommand(args, { storage })).toMatchObject({ status: 0, err: '' });
      }
    };
    await ask();
    writer.close();
    await ask();
  });
});

describe('a question that cannot be answered', () => {
  const WHAT = 'known are smb1, signing, encryption, guest, netbios';
  it.each([
    [['diff', '--since', 'soon'], 2, 'time "soon": not understood. Write an ISO 8601 time'],
    [['diff', '--since', '1d', '--until', 'soon'], 2, 'time "soon": not understood. Write an ISO 8601 time'],
    [['diff', '--since', '1d', '--until', '2d'], 2, 'the earlier moment is not before the later one'],
    [['diff'], 2, "required option '--since <when>' not specified"],
    [['since', '192.168.1', 'smb1'], 2, '3 hosts match; name one of them\n  '],
    [['since', 'naz', 'smb1'], 1, 'host "naz": not known; did you mean "NAS"?'],
    [['since', 'nas', 'singing'], 2, 'did you mean "signing"?'],
    [['since', 'nas', 'weather'], 2, WHAT],
    [['since', 'nas', 'smb-'], 2, 'that can be smb-guest-writable-share or smb-guest-readable-share'],
    [['since', 'nas', 'udp/5353'], 1, 'since NAS udp/5353: nothing is known of it yet'],
    [['since', '192.168.1.66', 'dialect'], 1, 'since =1+1\\x1b[2J," dialect: nothing is known of it yet'],
    [['ledger', '--host', 'naz'], 1, 'did you mean "NAS"?'],
    [['ledger', '--host', '192.168.1'], 2, '3 hosts match'],
    [['ledger', '--since', 'soon'], 2, 'not understood. Write an ISO 8601 time'],
    [['history', '--host', '192.168.1'], 2, '3 hosts match'],
    [['host', 'naz', '--history'], 1, 'did you mean "NAS"?'],
    [['finding', 'f_9'], 1, 'finding "f_9": not known; "smbwarden findings --all" lists those that are'],
    [['finding', 'f_0'], 2, '8 findings match; name one of them\n  f_000006  NAS: NetBIOS name'],
  ])('says why: %j', async (args, status, message) => {
    const ended = await run(...args);
    expect(ended).toMatchObject({ status, out: '', err: expect.stringContaining(message) as unknown });
    expect(ended.err).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('since', () => {
  const what = async (...args: string[]) =>
    JSON.parse((await run('since', 'nas', ...args, '--json')).out) as { what: string; value: unknown };

  it.each([
    ['139', 'tcp/139'],
    ['TCP/445', 'tcp/445'],
    ['anonymous', 'guest'],
    ['sign', 'signing'],
    ['smb1-e', 'smb1-enabled'],
    ['SMB.signing.SMB2', 'smb.signing.smb2'],
    ['pres', 'present'],
  ])('takes %s for %s', async (written, name) => {
    expect((await what(written)).what).toBe(name);
  });

  it('finds a host by an address of IPv6, with or without its zone', async () => {
    for (const address of [
      'fe80::bad:c0ff:feff:ee00%eth0',
      'FE80::bad:c0ff:feff:ee00',
      'fd12:3456:789a::66',
    ]) {
      expect((await run('since', address, '445')).out, address).toContain('TCP 445 is closed');
    }
  });

  it('tells a service over IPv6 from the same over IPv4', async () => {
    const [over6, over4] = [
      await run('since', '192.168.1.66', 'TCP6/445'),
      await run('since', '192.168.1.66', '445'),
    ];
    expect([over6.out, over4.out]).toEqual([
      expect.stringContaining('TCP 445 over IPv6 is open'),
      expect.stringContaining('TCP 445 is closed'),
    ]);
  });

  it('says of a rule that never fired that it never did', async () => {
    const { out } = await run('since', 'nas', 'smbghost-indicator');
    expect(out).toBe('NAS: "SMBGhost build family, patch state unknown" never was so\n');
    expect(await what('smbghost-indicator')).toMatchObject({ value: null, since: null, before: [] });
  });

  it('says since when something is no longer known', async () => {
    const storage = () => {
      const opened = storyStorage();
      const nas = opened.history.hosts().get('h001132aabbcc')!;
      const changedFacts = { 'tcp/139': 'closed', 'tcp/445': 'closed' } as const;
      const host = { ...nas, lastSeenAt: STORY.end + 60_000, facts: { ...nas.facts, ...changedFacts } };
      opened.history.recordSweep(
        sweepOf(STORY.end + 60_000, [{ ...seenAgain(host, STORY.end + 60_000), changedFacts }]),
      );
      return opened;
    };
    const text = await runCommand(['since', 'nas', 'encryption'], { storage });
    expect(text.out).toContain('SMB encryption is no longer known since 2026-11-21 23:42 (9 minutes ago)');
    expect(text.out).toContain('before   supported, from 2026-11-18 23:41 to 2026-11-21 23:42');
    const json = await runCommand(['since', 'nas', 'encryption', '--json'], { storage });
    expect(JSON.parse(json.out)).toMatchObject({ value: 'unknown', since: iso(STORY.end + 60_000) });
  });
});

describe('diff', () => {
  it('leaves what flipped and flipped back to the history', async () => {
    const args = ['diff', '--since', iso(STORY.begin), '--until', iso(STORY.hardened + 1)];
    const { out } = await run(...args);
    expect(out).toContain('Nothing differs');
    const pointer = /smbwarden (history --since \S+ --until \S+)/.exec(out)?.[1]?.split(' ') ?? [];
    expect((await run(...pointer)).out).toContain('NAS smb.smb1 changed from no to yes');
  });
});

describe('ledger', () => {
  const storage = () => {
    const opened = storyStorage();
    const entry = { day: '2026-11-21', address: '192.168.1.22', transport: 'tcp', port: 445 } as const;
    const sent = { connections: 4, datagrams: 0, bytes: 1_024 };
    const nobody = { ...entry, hostId: null, address: null, transport: 'udp', port: 137 } as const;
    opened.history.recordSweep({
      ...sweepOf(STORY.end + 1),
      ledger: [
        { ...entry, hostId: 'h001132aabbcc', probe: 'smb-dialects', ...sent },
        { ...nobody, probe: 'nbstat', connections: 0, datagrams: 496, bytes: 24_800 },
        { ...entry, day: '2026-10-01', hostId: 'h001132aabbcc', probe: 'smb1', ...sent },
      ],
    });
    return opened;
  };

  it('prints what the golden files hold, of the last seven days unless told otherwise', async () => {
    const text = await runCommand(['ledger'], { storage });
    await expect(text.out).toMatchFileSnapshot(new URL('ledger.txt', GOLDEN).pathname);
    const json = await runCommand(['ledger', '--json'], { storage });
    await expect(json.out).toMatchFileSnapshot(new URL('ledger.json', GOLDEN).pathname);
  });

  it('chooses by host and time', async () => {
    const probes = async (...args: string[]) => {
      const { out } = await runCommand(['ledger', '--json', ...args], { storage });
      return (JSON.parse(out) as { entries: { probe: string }[] }).entries.map(({ probe }) => probe);
    };
    expect(await probes('--since', '90d')).toEqual(['nbstat', 'smb-dialects', 'smb1']);
    expect(await probes('--host', 'nas')).toEqual(['smb-dialects']);
    expect(await probes('--since', '90d', '--until', '2026-10-02')).toEqual(['smb1']);
    expect((await runCommand(['ledger', '--until', '2026-11-16T12:00'], { storage })).out).toBe(
      'Nothing was sent in that time.\n',
    );
  });
});
