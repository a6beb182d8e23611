import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Share } from '../../domain/facts.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smbAnonymous } from '../../probes/smb-anonymous.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { isAnonymous } from '../../probes/wire/ntlm-authenticate.ts';
import { FILE_PIPE_PRINTER_ACCESS_MASK, SMB2_CREATE_DISPOSITION } from '../../probes/wire/smb2-create.ts';
import { SMB2_COMMAND } from '../../probes/wire/smb2-header.ts';
import { SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import { SMB2_SHARE_TYPE, SMB2_SHAREFLAG } from '../../probes/wire/smb2-tree-connect.ts';
import { SHARE_ENUM_RETURN, SHARE_TYPE } from '../../probes/wire/srvsvc.ts';
import { type FakeSmbServer, MODERN, type SmbSetup, startFakeSmbServer } from '../support/fake-smb-server.ts';
import {
  type AnonymousSetup,
  type Break,
  commandsIn,
  type FakeShare,
  givingAway,
  logonsIn,
  opensIn,
  READ_ONLY,
  READ_WRITE,
  sharesConnectedTo,
} from '../support/fake-smb-session.ts';
import { probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const { STATUS_ACCESS_DENIED, STATUS_LOGON_FAILURE, STATUS_BAD_NETWORK_NAME } = NT_STATUS;

const IPC: FakeShare = { name: 'IPC$', type: 0x8000_0003 };
const PUBLIC: FakeShare = { name: 'public', comment: 'For everybody', maximalAccess: READ_WRITE };
const MEDIA: FakeShare = { name: 'media', maximalAccess: READ_ONLY };
const SECRET: FakeShare = { name: 'secret', connects: STATUS_ACCESS_DENIED };
const PRINTER: FakeShare = { name: 'laser', type: SHARE_TYPE.STYPE_PRINTQ };
const SYSTEM: FakeShare = { name: 'C$', type: 0x8000_0000 };
const DRIVERS: FakeShare = { name: 'print$' };
const SHARES = [PUBLIC, MEDIA, SECRET, PRINTER, SYSTEM, DRIVERS, IPC];

const server = (
  shares: readonly FakeShare[],
  anonymous: Partial<AnonymousSetup> = {},
  setup: Partial<SmbSetup> = {},
): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ behaviour: { anonymous: givingAway(shares, anonymous), ...setup } }));

async function ask({ port: smb }: { readonly port: number }): ReturnType<typeof smbAnonymous.run> {
  return smbAnonymous.run(await probeContext({ ports: { ...STANDARD_PORTS, smb } }));
}

/** What the probe saw of the shares, or null. */
async function sharesSeen(fake: FakeSmbServer): Promise<readonly Share[] | null> {
  const outcome = await ask(fake);
  if (outcome.kind !== 'answered') throw new Error(`not answered but ${outcome.kind}`);
  if (outcome.seen.kind !== 'anonymous') throw new Error(`no session but ${outcome.seen.kind}`);
  return outcome.seen.shares;
}

/** `public: readable yes, writable yes`, for each share. */
async function accessSeen(fake: FakeSmbServer): Promise<string[]> {
  const shares = (await sharesSeen(fake)) ?? [];
  return shares.map(({ name, readable, writable }) => `${name}: readable ${readable}, writable ${writable}`);
}

const answered = (session: 'yes' | 'no', shares: readonly Share[] | null) => ({
  kind: 'answered',
  seen: { kind: 'anonymous', session, shares },
  connection: null,
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the attempt to log on', () => {
  it.each([STATUS_ACCESS_DENIED, STATUS_LOGON_FAILURE, NT_STATUS.STATUS_ACCOUNT_DISABLED])(
    'that is refused with status %i is the whole answer',
    async (logon) => {
      const fake = await server(SHARES, { logon });
      expect(await ask(fake)).toEqual(answered('no', null));
      expect(commandsIn(fake.connections)).toEqual([
        SMB2_COMMAND.SMB2_SESSION_SETUP,
        SMB2_COMMAND.SMB2_SESSION_SETUP,
      ]);
    },
  );

  it('that is refused at the first session setup is the whole answer, too', async () => {
    const fake = await server(SHARES, {}, { sessionSetup: STATUS_ACCESS_DENIED });
    expect(await ask(fake)).toEqual(answered('no', null));
    expect(logonsIn(fake.connections)).toEqual([]);
  });

  it.each([NT_STATUS.STATUS_INSUFFICIENT_RESOURCES, NT_STATUS.STATUS_REQUEST_NOT_ACCEPTED])(
    'that a busy server puts off with status %i proves nothing, at either session setup',
    async (status) => {
      const outcome = { kind: 'declined', status };
      expect(await ask(await server(SHARES, { logon: status }))).toEqual(outcome);
      expect(await ask(await server(SHARES, {}, { sessionSetup: status }))).toEqual(outcome);
    },
  );

  it('that is accepted for an encrypted session alone tells that, and nothing of the session', async () => {
    const fake = await server(SHARES, { logon: 'encrypted' });
    const seen = { kind: 'encryption-required' };
    expect(await ask(fake)).toEqual({ kind: 'answered', seen, connection: null });
    expect(commandsIn(fake.connections)).toHaveLength(2);
  });

  it('that a Samba which encrypts refuses as forbidden tells that it demands encryption', async () => {
    const bestCipher = 'AES-128-GCM';
    const refusedWith = async (
      status: number,
      more: Partial<SmbSetup> = {},
      cipher: string | null = bestCipher,
    ) => {
      const { port: smb } = await server(SHARES, { logon: status }, more);
      const context = await probeContext({ ports: { ...STANDARD_PORTS, smb }, bestCipher: cipher });
      return smbAnonymous.run(context);
    };
    const { STATUS_LOGON_FAILURE } = NT_STATUS;
    const demanding = { ...answered('no', null).seen, demandsEncryption: true };
    expect(await refusedWith(STATUS_ACCESS_DENIED)).toMatchObject({ seen: demanding });
    const windows = { identity: { ...MODERN.identity, version: '10.0.26100' } };
    for (const outcome of [
      await refusedWith(STATUS_LOGON_FAILURE),
      await refusedWith(STATUS_ACCESS_DENIED, windows),
      await refusedWith(STATUS_ACCESS_DENIED, {}, null),
    ]) {
      expect(outcome).toEqual(answered('no', null));
    }
  });

  it('is made with one negotiate where the server is known to speak 3.1.1 alone', async () => {
    const fake = await server(SHARES, {}, { dialects: [SMB2_DIALECT.SMB_3_1_1] });
    const ports = { ...STANDARD_PORTS, smb: fake.port };
    const outcome = await smbAnonymous.run(await probeContext({ ports, dialects: ['3.1.1'] }));
    expect(outcome).toMatchObject({ seen: { session: 'yes' } });
    expect(fake.connections).toHaveLength(1);
  });

  it.each<[string, Partial<AnonymousSetup>, Partial<SmbSetup>]>([
    ['accepted', {}, {}],
    ['refused', { logon: STATUS_ACCESS_DENIED }, {}],
    ['encrypted', { logon: 'encrypted' }, {}],
    ['accepted at 3.1.1 alone', {}, { dialects: [SMB2_DIALECT.SMB_3_1_1] }],
    ['left without an answer', { breaks: { at: SMB2_COMMAND.SMB2_SESSION_SETUP, with: 'hanging up' } }, {}],
    ['broken off later', { breaks: { at: SMB2_COMMAND.SMB2_IOCTL, with: 'garbage' } }, {}],
  ])('is made once, without a name or a password, when it is %s', async (_, anonymous, setup) => {
    const fake = await server(SHARES, anonymous, setup);
    await ask(fake);
    const logons = logonsIn(fake.connections);
    expect(logons).toHaveLength(1);
    expect(logons.every(isAnonymous)).toBe(true);
    expect(logons).toMatchObject([{ userName: '', domainName: '' }]);
  });

  it('is not made where SMB 2 is not spoken', async () => {
    const fake = await server(SHARES, {}, { dialects: [], smb1: 'selected' });
    expect((await ask(fake)).kind).toBe('hung-up');
    expect(commandsIn(fake.connections)).toEqual([]);
  });
});

describe('the list of shares', () => {
  it('is told in the order of the server, with kinds and comments', async () => {
    const shares = await sharesSeen(await server(SHARES));
    expect(shares?.map(({ name, type, comment }) => [name, type, comment])).toEqual([
      ['public', 'disk', 'For everybody'],
      ['media', 'disk', ''],
      ['secret', 'disk', ''],
      ['laser', 'print', ''],
      ['C$', 'disk', ''],
      ['print$', 'disk', ''],
      ['IPC$', 'ipc', ''],
    ]);
  });

  it.each<[string, Partial<AnonymousSetup>]>([
    ['all fragments in one answer', { fragmentBytes: 64 }],
    ['a fragment left to each READ', { fragmentBytes: 64, readBytes: 64 + 24 }],
    ['one fragment left to several READs', { readBytes: 100 }],
    ['answers that cut fragments', { fragmentBytes: 100, readBytes: 77 }],
  ])('is put together from %s', async (_, cuts) => {
    const fake = await server(SHARES, cuts);
    expect((await sharesSeen(fake))?.map(({ name }) => name)).toEqual(SHARES.map(({ name }) => name));
    const reads = commandsIn(fake.connections).filter((command) => command === SMB2_COMMAND.SMB2_READ);
    expect(reads.length > 0).toBe(cuts.readBytes !== undefined);
  });

  it.each<[string, Partial<AnonymousSetup>]>([
    ['IPC$', { ipc: STATUS_ACCESS_DENIED }],
    ['the pipe', { pipe: STATUS_ACCESS_DENIED }],
    ['what is written to the pipe', { transceive: STATUS_ACCESS_DENIED }],
    ['the interface', { bind: 'rejected' }],
    ['the bind', { bind: 'refused' }],
    ['the call, by a fault', { list: 'fault' }],
    ['the call, by its return value', { list: SHARE_ENUM_RETURN.ERROR_ACCESS_DENIED }],
  ])('is refused where the server refuses %s; the session is logged off', async (_, anonymous) => {
    const fake = await server(SHARES, anonymous);
    expect(await ask(fake)).toEqual(answered('yes', null));
    expect(commandsIn(fake.connections).at(-1)).toBe(SMB2_COMMAND.SMB2_LOGOFF);
  });

  it('can be empty', async () => {
    expect(await ask(await server([]))).toEqual(answered('yes', []));
  });

  it('is not taken from the answer to another call', async () => {
    expect((await ask(await server(SHARES, { list: 'of-another-call' }))).kind).toBe('malformed');
  });

  it('is given up when it comes in crumbs', async () => {
    const fake = await server(SHARES, { readBytes: 8 });
    expect((await ask(fake)).kind).toBe('malformed');
    expect(fake.connections.flatMap(({ received }) => received).length).toBeLessThan(8_000);
  });
});

describe('the access to a share', () => {
  it('is what the server says of it: open, read only, denied', async () => {
    expect(await accessSeen(await server([PUBLIC, MEDIA, SECRET]))).toEqual([
      'public: readable yes, writable yes',
      'media: readable yes, writable no',
      'secret: readable no, writable no',
    ]);
  });

  it.each<[string, Partial<FakeShare>, string]>([
    ['whose root is denied', { opens: STATUS_ACCESS_DENIED }, 'readable no, writable yes'],
    ['whose root fails otherwise', { opens: 0xc000009a }, 'readable unknown, writable yes'],
    ['that fails otherwise', { connects: STATUS_BAD_NETWORK_NAME }, 'readable unknown, writable unknown'],
    [
      'that is encrypted',
      { shareFlags: SMB2_SHAREFLAG.SMB2_SHAREFLAG_ENCRYPT_DATA },
      'readable unknown, writable unknown',
    ],
  ])('to one %s is told as it is', async (_, share, access) => {
    expect(await accessSeen(await server([{ ...PUBLIC, ...share }]))).toEqual([`public: ${access}`]);
  });

  it('is told, too, by a server that says of missing shares what impacket says', async () => {
    const fake = await server([MEDIA], { missing: NT_STATUS.STATUS_OBJECT_PATH_NOT_FOUND });
    expect(await accessSeen(fake)).toEqual(['media: readable yes, writable no']);
  });

  it('is unknown where the server denies shares that do not exist, and none is connected to', async () => {
    const fake = await server(SHARES, { missing: STATUS_ACCESS_DENIED });
    expect(new Set((await sharesSeen(fake))?.flatMap((share) => [share.readable, share.writable]))).toEqual(
      new Set(['unknown']),
    );
    const [first, missing, ...more] = sharesConnectedTo(fake.connections);
    expect([first, more]).toEqual(['IPC$', []]);
    expect(missing).toMatch(/^[0-9a-f]{12}$/);
  });

  it('is tried of no more than 32, the others are listed', async () => {
    const shares = Array.from({ length: 40 }, (_, i) => ({ ...MEDIA, name: `${i}`.padStart(256, 's') }));
    const fake = await server(shares);
    const readable = (await sharesSeen(fake))?.map((share) => share.readable);
    expect(readable).toEqual([...Array(32).fill('yes'), ...Array(8).fill('unknown')]);
    const bytes = fake.connections.flatMap(({ received }) => received).length;
    expect(bytes).toBeLessThanOrEqual(smbAnonymous.bytesAtMost);
  });
});

describe('what is never done', () => {
  it('connect to a print share or an administrative one', async () => {
    const fake = await server(SHARES);
    await ask(fake);
    const [ipc, , ...shares] = sharesConnectedTo(fake.connections);
    expect([ipc, ...shares]).toEqual(['IPC$', 'public', 'media', 'secret']);
  });

  it('open what was listed as a disk and turns out to be a printer', async () => {
    const fake = await server([{ ...PUBLIC, shareType: SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_PRINT }]);
    expect(await accessSeen(fake)).toEqual(['public: readable unknown, writable unknown']);
    expect(opensIn(fake.connections).map(({ name }) => name)).toEqual(['srvsvc']);
  });

  it('open anything but the pipe and the roots, ask to write or delete, or create what is not there', async () => {
    const fake = await server(SHARES);
    await ask(fake);
    const [pipe, ...roots] = opensIn(fake.connections);
    expect([pipe, ...roots].map((open) => open?.name)).toEqual(['srvsvc', '', '']);
    const { FILE_READ_DATA, FILE_READ_ATTRIBUTES, DELETE, WRITE_DAC, WRITE_OWNER } =
      FILE_PIPE_PRINTER_ACCESS_MASK;
    for (const { desiredAccess } of roots)
      expect(desiredAccess & ~(FILE_READ_DATA | FILE_READ_ATTRIBUTES)).toBe(0);
    expect((pipe?.desiredAccess ?? 0) & (DELETE | WRITE_DAC | WRITE_OWNER)).toBe(0);
    for (const { createDisposition, createOptions } of opensIn(fake.connections)) {
      expect(createDisposition).toBe(SMB2_CREATE_DISPOSITION.FILE_OPEN);
      expect(createOptions & DELETE_ON_CLOSE).toBe(0);
    }
  });

  it('send a command that writes, or list a directory', async () => {
    const fake = await server(SHARES);
    await ask(fake);
    const {
      SMB2_SESSION_SETUP,
      SMB2_LOGOFF,
      SMB2_TREE_CONNECT,
      SMB2_TREE_DISCONNECT,
      SMB2_CREATE,
      SMB2_CLOSE,
      SMB2_IOCTL,
    } = SMB2_COMMAND;
    const oneRoot = [SMB2_TREE_CONNECT, SMB2_CREATE, SMB2_CLOSE, SMB2_TREE_DISCONNECT];
    expect(commandsIn(fake.connections)).toEqual([
      ...[SMB2_SESSION_SETUP, SMB2_SESSION_SETUP],
      ...[SMB2_TREE_CONNECT, SMB2_CREATE, SMB2_IOCTL, SMB2_IOCTL, SMB2_CLOSE, SMB2_TREE_DISCONNECT],
      SMB2_TREE_CONNECT,
      ...oneRoot,
      ...oneRoot,
      SMB2_TREE_CONNECT,
      SMB2_LOGOFF,
    ]);
  });
});

/** FILE_DELETE_ON_CLOSE, [MS-SMB2] 2.2.13. */
const DELETE_ON_CLOSE = 0x0000_1000;

/** Every request of a whole conversation; READ comes only where the list is cut. */
const STEPS = (Object.keys(SMB2_COMMAND) as (keyof typeof SMB2_COMMAND)[]).filter(
  (name) => name !== 'SMB2_NEGOTIATE' && name !== 'SMB2_LOGOFF',
);
const ENDINGS: readonly (readonly [Break, string])[] = [
  ['garbage', 'malformed'],
  ['hanging up', 'hung-up'],
  ['an answer to another request', 'malformed'],
];

describe('a conversation', () => {
  it('is led through answers that are postponed first', async () => {
    const fake = await server([PUBLIC, SECRET], { postpones: true, readBytes: 120 });
    expect(await accessSeen(fake)).toEqual([
      'public: readable yes, writable yes',
      'secret: readable no, writable no',
    ]);
  });

  it('is led over answers that come in pieces', async () => {
    const fake = await server([PUBLIC], {}, { pieceBytes: 50 });
    expect(await accessSeen(fake)).toEqual(['public: readable yes, writable yes']);
  });

  it.each(STEPS.flatMap((step) => ENDINGS.map(([how, kind]) => [step, how, kind] as const)))(
    'that meets at %s %s proves nothing',
    async (step, how, kind) => {
      const breaks = { at: SMB2_COMMAND[step], with: how };
      const [outcome, took] = await timed(async () => ask(await server(SHARES, { readBytes: 120, breaks })));
      expect(outcome.kind).toBe(kind);
      expect(took).toBeLessThan(1_000);
    },
  );

  it.each<Break>(['garbage', 'hanging up', 'an answer to another request'])(
    'that meets %s at the logoff has told everything already',
    async (how) => {
      const breaks = { at: SMB2_COMMAND.SMB2_LOGOFF, with: how };
      expect(await accessSeen(await server([MEDIA], { breaks }))).toEqual([
        'media: readable yes, writable no',
      ]);
    },
  );

  it('ends when the server falls silent in its midst, and is done by the deadline of one answer', async () => {
    const fake = await server(SHARES, { breaks: { at: SMB2_COMMAND.SMB2_IOCTL, with: 'silence' } });
    const [outcome, took] = await timed(() => ask(fake));
    expect(outcome.kind).toBe('silent');
    expect(took).toBeLessThan(2_500);
  });

  it('ends after twelve seconds, though each answer comes in time', async () => {
    let asked = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 1_500 * asked);
    const fake = await server(SHARES, {
      onRequest: () => {
        asked += 1;
      },
    });
    expect((await ask(fake)).kind).toBe('silent');
    expect(asked).toBe(Math.ceil(12_000 / 1_500));
  });
});
