import { describe, expect, it } from 'vitest';
import type { Share } from '../../domain/facts.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smb1Anonymous } from '../../probes/smb1-anonymous.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { isAnonymous } from '../../probes/wire/ntlm-authenticate.ts';
import { SMB_COM } from '../../probes/wire/smb1-header.ts';
import { TRANS_SUBCOMMAND } from '../../probes/wire/smb1-transaction.ts';
import { FILE_PIPE_PRINTER_ACCESS_MASK, SMB2_CREATE_DISPOSITION } from '../../probes/wire/smb2-create.ts';
import { SMB2_SHARE_TYPE } from '../../probes/wire/smb2-tree-connect.ts';
import { SHARE_ENUM_RETURN, SHARE_TYPE } from '../../probes/wire/srvsvc.ts';
import {
  type FakeSmbServer,
  SMB1_ONLY,
  type SmbSetup,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import {
  type AnonymousSetup,
  type Break,
  type FakeShare,
  givingAway,
  READ_ONLY,
  READ_WRITE,
} from '../support/fake-smb-session.ts';
import {
  smb1CommandsIn,
  smb1LogonsIn,
  smb1OpensIn,
  smb1SetupsIn,
  smb1SharesConnectedTo,
  smb1TransactionsIn,
} from '../support/fake-smb1-session.ts';
import { probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const { STATUS_ACCESS_DENIED, STATUS_LOGON_FAILURE, STATUS_BAD_NETWORK_NAME } = NT_STATUS;

const PUBLIC: FakeShare = { name: 'public', comment: 'For everybody', maximalAccess: READ_WRITE };
const MEDIA: FakeShare = { name: 'media', maximalAccess: READ_ONLY };
const SECRET: FakeShare = { name: 'secret', connects: STATUS_ACCESS_DENIED };
const PRINTER: FakeShare = { name: 'laser', type: SHARE_TYPE.STYPE_PRINTQ };
const SHARES = [PUBLIC, MEDIA, SECRET, PRINTER, { name: 'C$', type: 0x8000_0000 }, { name: 'print$' }];

const SECURITY = ['extended', 'classic'] as const;

const server = (
  shares: readonly FakeShare[],
  anonymous: Partial<AnonymousSetup> = {},
  setup: Partial<SmbSetup> = {},
): Promise<FakeSmbServer> =>
  untilTestEnds(
    startFakeSmbServer({
      behaviour: {
        ...SMB1_ONLY,
        smb1Security: 'extended',
        anonymous: givingAway(shares, anonymous),
        ...setup,
      },
    }),
  );

async function ask({ port: smb }: { readonly port: number }): ReturnType<typeof smb1Anonymous.run> {
  return smb1Anonymous.run(await probeContext({ ports: { ...STANDARD_PORTS, smb } }));
}

async function sharesSeen(fake: FakeSmbServer): Promise<readonly Share[] | null> {
  const outcome = await ask(fake);
  if (outcome.kind !== 'answered') throw new Error(`not answered but ${outcome.kind}`);
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

describe.each(SECURITY)('the attempt to log on over SMB 1, in the %s way', (smb1Security) => {
  it.each([STATUS_ACCESS_DENIED, STATUS_LOGON_FAILURE])(
    'that is refused with status %i is the whole answer',
    async (logon) => {
      const fake = await server(SHARES, { logon }, { smb1Security });
      expect(await ask(fake)).toEqual(answered('no', null));
      const commands = new Set(smb1CommandsIn(fake.connections));
      expect(commands).toEqual(new Set([SMB_COM.SMB_COM_SESSION_SETUP_ANDX]));
    },
  );

  it('that a busy server puts off proves nothing', async () => {
    const status = NT_STATUS.STATUS_REQUEST_NOT_ACCEPTED;
    const fake = await server(SHARES, { logon: status }, { smb1Security });
    expect(await ask(fake)).toEqual({ kind: 'declined', status });
  });

  it.each<[string, Partial<AnonymousSetup>]>([
    ['accepted', {}],
    ['refused', { logon: STATUS_ACCESS_DENIED }],
    ['broken off later', { breaks: { at: SMB_COM.SMB_COM_TRANSACTION, with: 'garbage' } }],
  ])('is made once, without a name or a password, when it is %s', async (_, anonymous) => {
    const fake = await server(SHARES, anonymous, { smb1Security });
    await ask(fake);
    const logons = smb1LogonsIn(fake.connections);
    expect(logons).toHaveLength(1);
    for (const logon of logons) {
      if (logon.kind === 'authenticate') expect(isAnonymous(logon)).toBe(true);
      else expect([logon.accountName, ...logon.oemPassword, ...logon.unicodePassword]).toEqual(['', 0]);
    }
    expect(smb1SetupsIn(fake.connections).map(({ vcNumber }) => vcNumber)).not.toContain(0);
  });

  it('leads to the shares and the access to each', async () => {
    const fake = await server([PUBLIC, MEDIA, SECRET], {}, { smb1Security });
    expect(await accessSeen(fake)).toEqual([
      'public: readable yes, writable yes',
      'media: readable yes, writable no',
      'secret: readable no, writable no',
    ]);
  });
});

describe('a server without what the questions need', () => {
  it.each<[string, Partial<SmbSetup>, string]>([
    ['refuses SMB 1', { smb1: 'refused' }, 'declined'],
    ['knows no Unicode', { smb1Unicode: false }, 'declined'],
    ['hangs up on SMB 1', { smb1: 'closed' }, 'hung-up'],
    ['answers in SMB 2', { smb1: 'smb2-instead' }, 'malformed'],
  ])('%s, and nobody logs on', async (_, setup, kind) => {
    const fake = await server(SHARES, {}, setup);
    expect((await ask(fake)).kind).toBe(kind);
    expect(smb1LogonsIn(fake.connections)).toEqual([]);
  });
});

describe('the list of shares over SMB 1', () => {
  it('is told in the order of the server, with kinds and comments', async () => {
    const shares = await sharesSeen(await server(SHARES));
    expect(shares?.map(({ name, type, comment }) => [name, type, comment])).toEqual([
      ['public', 'disk', 'For everybody'],
      ['media', 'disk', ''],
      ['secret', 'disk', ''],
      ['laser', 'print', ''],
      ['C$', 'disk', ''],
      ['print$', 'disk', ''],
    ]);
  });

  it.each<[string, Partial<AnonymousSetup>, boolean]>([
    ['fragments in one answer', { fragmentBytes: 64 }, false],
    ['a fragment left to each READ_ANDX', { fragmentBytes: 64, readBytes: 64 + 24 }, true],
    ['one fragment left to several', { readBytes: 100 }, true],
  ])('is put together from %s', async (_, cuts, isRead) => {
    const fake = await server(SHARES, cuts);
    expect((await sharesSeen(fake))?.map(({ name }) => name)).toEqual(SHARES.map(({ name }) => name));
    expect(smb1CommandsIn(fake.connections).includes(SMB_COM.SMB_COM_READ_ANDX)).toBe(isRead);
  });

  it.each<[string, Partial<AnonymousSetup>]>([
    ['IPC$', { ipc: STATUS_ACCESS_DENIED }],
    ['the pipe', { pipe: STATUS_ACCESS_DENIED }],
    ['what is written to the pipe', { transceive: STATUS_ACCESS_DENIED }],
    ['the interface', { bind: 'rejected' }],
    ['the call, by a fault', { list: 'fault' }],
    ['the call, by its return value', { list: SHARE_ENUM_RETURN.ERROR_ACCESS_DENIED }],
  ])('is refused where the server refuses %s; the session is logged off', async (_, anonymous) => {
    const fake = await server(SHARES, anonymous);
    expect(await ask(fake)).toEqual(answered('yes', null));
    expect(smb1CommandsIn(fake.connections).at(-1)).toBe(SMB_COM.SMB_COM_LOGOFF_ANDX);
  });

  it('is not taken from the answer to another call', async () => {
    expect((await ask(await server(SHARES, { list: 'of-another-call' }))).kind).toBe('malformed');
  });
});

describe('the access to a share over SMB 1', () => {
  it.each<[string, Partial<FakeShare>, Partial<SmbSetup>, string]>([
    ['whose root is denied', { opens: STATUS_ACCESS_DENIED }, {}, 'readable no, writable yes'],
    ['whose root fails otherwise', { opens: 0x005b_0002 }, {}, 'readable unknown, writable yes'],
    ['that fails otherwise', { connects: STATUS_BAD_NETWORK_NAME }, {}, 'readable unknown, writable unknown'],
    ['without a word on the rights', {}, { smb1Rights: false }, 'readable yes, writable unknown'],
  ])('to one %s is told as it is', async (_, share, setup, access) => {
    expect(await accessSeen(await server([{ ...PUBLIC, ...share }], {}, setup))).toEqual([
      `public: ${access}`,
    ]);
  });

  it('is unknown where the server denies shares that do not exist, and none is connected to', async () => {
    const fake = await server(SHARES, { missing: STATUS_ACCESS_DENIED });
    const access = (await sharesSeen(fake))?.flatMap((share) => [share.readable, share.writable]);
    expect(new Set(access)).toEqual(new Set(['unknown']));
    expect(smb1SharesConnectedTo(fake.connections)).toHaveLength(2);
  });

  it('takes no more bytes than announced', async () => {
    const shares = Array.from({ length: 40 }, (_, i) => ({ ...MEDIA, name: `${i}`.padStart(256, 's') }));
    const fake = await server(shares);
    const readable = (await sharesSeen(fake))?.map((share) => share.readable);
    expect(readable).toEqual([...Array(32).fill('yes'), ...Array(8).fill('unknown')]);
    const bytes = fake.connections.flatMap(({ received }) => received).length;
    expect(bytes).toBeLessThanOrEqual(smb1Anonymous.bytesAtMost);
  });
});

describe('what is never done over SMB 1', () => {
  it('connect to a print share or an administrative one', async () => {
    const fake = await server(SHARES);
    await ask(fake);
    const [ipc, , ...shares] = smb1SharesConnectedTo(fake.connections);
    expect([ipc, ...shares]).toEqual(['IPC$', 'public', 'media', 'secret']);
  });

  it('open what was listed as a disk and turns out to be a printer', async () => {
    const fake = await server([{ ...PUBLIC, shareType: SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_PRINT }]);
    expect(await accessSeen(fake)).toEqual(['public: readable unknown, writable unknown']);
    expect(smb1OpensIn(fake.connections).map(({ name }) => name)).toEqual(['\\srvsvc']);
  });

  it('open anything but the pipe and the roots, ask to write, or create what is not there', async () => {
    const fake = await server(SHARES);
    await ask(fake);
    const [pipe, ...roots] = smb1OpensIn(fake.connections);
    expect([pipe, ...roots].map((open) => open?.name)).toEqual(['\\srvsvc', '\\', '\\']);
    const { FILE_READ_DATA, FILE_READ_ATTRIBUTES } = FILE_PIPE_PRINTER_ACCESS_MASK;
    for (const { desiredAccess } of roots)
      expect(desiredAccess & ~(FILE_READ_DATA | FILE_READ_ATTRIBUTES)).toBe(0);
    for (const { createDisposition, flags } of smb1OpensIn(fake.connections)) {
      expect([createDisposition, flags]).toEqual([SMB2_CREATE_DISPOSITION.FILE_OPEN, 0]);
    }
  });

  it('send a command that writes, lists a directory or looks into a pipe', async () => {
    const fake = await server([PUBLIC, SECRET]);
    await ask(fake);
    const {
      SMB_COM_SESSION_SETUP_ANDX,
      SMB_COM_TREE_CONNECT_ANDX,
      SMB_COM_NT_CREATE_ANDX,
      SMB_COM_TRANSACTION,
      SMB_COM_CLOSE,
      SMB_COM_TREE_DISCONNECT,
      SMB_COM_LOGOFF_ANDX,
    } = SMB_COM;
    expect(smb1CommandsIn(fake.connections)).toEqual([
      ...[SMB_COM_SESSION_SETUP_ANDX, SMB_COM_SESSION_SETUP_ANDX],
      ...[SMB_COM_TREE_CONNECT_ANDX, SMB_COM_NT_CREATE_ANDX, SMB_COM_TRANSACTION, SMB_COM_TRANSACTION],
      ...[SMB_COM_CLOSE, SMB_COM_TREE_DISCONNECT],
      SMB_COM_TREE_CONNECT_ANDX,
      ...[SMB_COM_TREE_CONNECT_ANDX, SMB_COM_NT_CREATE_ANDX, SMB_COM_CLOSE, SMB_COM_TREE_DISCONNECT],
      SMB_COM_TREE_CONNECT_ANDX,
      SMB_COM_LOGOFF_ANDX,
    ]);
    const subcommands = new Set(smb1TransactionsIn(fake.connections).map(({ subcommand }) => subcommand));
    expect(subcommands).toEqual(new Set([TRANS_SUBCOMMAND.TRANS_TRANSACT_NMPIPE]));
  });
});

const STEPS = [
  'SMB_COM_SESSION_SETUP_ANDX',
  'SMB_COM_TREE_CONNECT_ANDX',
  'SMB_COM_NT_CREATE_ANDX',
  'SMB_COM_TRANSACTION',
  'SMB_COM_READ_ANDX',
  'SMB_COM_CLOSE',
  'SMB_COM_TREE_DISCONNECT',
] as const;
const ENDINGS: readonly (readonly [Break, string])[] = [
  ['garbage', 'malformed'],
  ['hanging up', 'hung-up'],
  ['an answer to another request', 'malformed'],
];

describe('a conversation in SMB 1', () => {
  it('is led over answers that come in pieces', async () => {
    const fake = await server([PUBLIC], {}, { pieceBytes: 50 });
    expect(await accessSeen(fake)).toEqual(['public: readable yes, writable yes']);
  });

  it.each(STEPS.flatMap((step) => ENDINGS.map(([how, kind]) => [step, how, kind] as const)))(
    'that meets at %s %s proves nothing',
    async (step, how, kind) => {
      const breaks = { at: SMB_COM[step], with: how };
      const [outcome, took] = await timed(async () => ask(await server(SHARES, { readBytes: 120, breaks })));
      expect(outcome.kind).toBe(kind);
      expect(took).toBeLessThan(1_000);
    },
  );

  it('that meets garbage at the logoff has told everything already', async () => {
    const breaks = { at: SMB_COM.SMB_COM_LOGOFF_ANDX, with: 'garbage' } as const;
    expect(await accessSeen(await server([MEDIA], { breaks }))).toEqual(['media: readable yes, writable no']);
  });

  it('ends when the server falls silent in its midst, and is done by the deadline of one answer', async () => {
    const breaks = { at: SMB_COM.SMB_COM_TRANSACTION, with: 'silence' } as const;
    const [outcome, took] = await timed(async () => ask(await server(SHARES, { breaks })));
    expect(outcome.kind).toBe('silent');
    expect(took).toBeLessThan(3_000);
  });
});
