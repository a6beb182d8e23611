import { describe, expect, it } from 'vitest';
import { ms17010 } from '../../probes/ms17-010.ts';
import type { ProbeContext } from '../../probes/probe.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smb1AnonymousAndPatchState } from '../../probes/smb1-anonymous.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { SMB_COM } from '../../probes/wire/smb1-header.ts';
import { TRANS_SUBCOMMAND } from '../../probes/wire/smb1-transaction.ts';
import { type FakeSmbServer, type SmbSetup, startFakeSmbServer } from '../support/fake-smb-server.ts';
import { type AnonymousSetup, givingAway } from '../support/fake-smb-session.ts';
import {
  smb1CommandsIn,
  smb1LogonsIn,
  smb1SharesConnectedTo,
  smb1TransactionsIn,
} from '../support/fake-smb1-session.ts';
import { probeContext, untilTestEnds } from '../support/loopback.ts';

const {
  STATUS_INSUFF_SERVER_RESOURCES,
  STATUS_INVALID_HANDLE,
  STATUS_ACCESS_DENIED,
  STATUS_NOT_SUPPORTED,
  STATUS_INSUFFICIENT_RESOURCES,
} = NT_STATUS;

const server = (
  setup: Partial<SmbSetup> = {},
  anonymous: Partial<AnonymousSetup> = {},
): Promise<FakeSmbServer> => {
  const shares = givingAway([{ name: 'public' }], anonymous);
  const behaviour = { smb1: 'selected', smb1Security: 'extended', anonymous: shares, ...setup } as const;
  return untilTestEnds(startFakeSmbServer({ behaviour }));
};

const contextOf = ({ port: smb }: { readonly port: number }): Promise<ProbeContext> =>
  probeContext({ ports: { ...STANDARD_PORTS, smb } });

async function ask(fake: FakeSmbServer): ReturnType<typeof ms17010.run> {
  return ms17010.run(await contextOf(fake));
}

const answered = (unpatched: 'yes' | 'no') => ({
  kind: 'answered',
  seen: { kind: 'ms17-010', unpatched },
  connection: null,
});

describe('the check of MS17-010', () => {
  it('sees a server without the update by how it refuses', async () => {
    expect(await ask(await server({ smb1Peek: STATUS_INSUFF_SERVER_RESOURCES }))).toEqual(answered('yes'));
  });

  it.each([STATUS_INVALID_HANDLE, STATUS_ACCESS_DENIED])(
    'sees one with the update, or without the hole, by status %i',
    async (smb1Peek) => {
      expect(await ask(await server({ smb1Peek }))).toEqual(answered('no'));
    },
  );

  it.each([0, STATUS_NOT_SUPPORTED, STATUS_INSUFFICIENT_RESOURCES, 0x0001_0001])(
    'learns nothing from status %i',
    async (status) => {
      expect(await ask(await server({ smb1Peek: status }))).toEqual({ kind: 'declined', status });
    },
  );

  it.each<[string, Partial<AnonymousSetup>, Partial<SmbSetup>, string]>([
    ['an anonymous session is refused', { logon: STATUS_ACCESS_DENIED }, {}, 'declined'],
    ['IPC$ is refused', { ipc: STATUS_ACCESS_DENIED }, {}, 'declined'],
    [
      'the question is cut off',
      { breaks: { at: SMB_COM.SMB_COM_TRANSACTION, with: 'hanging up' } },
      {},
      'hung-up',
    ],
    [
      'the answer is garbage',
      { breaks: { at: SMB_COM.SMB_COM_TRANSACTION, with: 'garbage' } },
      {},
      'malformed',
    ],
    ['SMB 1 is refused', {}, { smb1: 'refused' }, 'declined'],
  ])('learns nothing where %s', async (_, anonymous, setup, kind) => {
    const smb1Peek = STATUS_INSUFF_SERVER_RESOURCES;
    expect((await ask(await server({ smb1Peek, ...setup }, anonymous))).kind).toBe(kind);
  });

  it('puts one question, to no pipe, after one logon as nobody, and writes nothing', async () => {
    const fake = await server();
    await ask(fake);
    expect(smb1LogonsIn(fake.connections)).toHaveLength(1);
    expect(smb1SharesConnectedTo(fake.connections)).toEqual(['IPC$']);
    expect(smb1TransactionsIn(fake.connections)).toMatchObject([
      { subcommand: TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE, fid: 0, data: new Uint8Array() },
    ]);
    expect(smb1CommandsIn(fake.connections).slice(2)).toEqual([
      SMB_COM.SMB_COM_TREE_CONNECT_ANDX,
      SMB_COM.SMB_COM_TRANSACTION,
      SMB_COM.SMB_COM_TREE_DISCONNECT,
      SMB_COM.SMB_COM_LOGOFF_ANDX,
    ]);
    const bytes = fake.connections.flatMap(({ received }) => received).length;
    expect(bytes).toBeLessThanOrEqual(ms17010.bytesAtMost);
  });
});

describe('the same check in the session that lists the shares', () => {
  const askBoth = async (fake: FakeSmbServer) => smb1AnonymousAndPatchState.run(await contextOf(fake));
  const answeredBy = async (fake: FakeSmbServer) => {
    const outcome = await askBoth(fake);
    if (outcome.kind !== 'answered') throw new Error(`not answered but ${outcome.kind}`);
    return outcome;
  };
  const shares = [{ name: 'public', readable: 'yes', writable: 'no' }];

  it('needs no second logon, and is the last question', async () => {
    const fake = await server({ smb1Peek: STATUS_INSUFF_SERVER_RESOURCES });
    expect(await askBoth(fake)).toMatchObject({
      kind: 'answered',
      seen: [
        { kind: 'anonymous', session: 'yes', shares },
        { kind: 'ms17-010', unpatched: 'yes' },
      ],
    });
    expect(smb1LogonsIn(fake.connections)).toHaveLength(1);
    expect(smb1TransactionsIn(fake.connections).at(-1)?.subcommand).toBe(TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE);
  });

  it.each([STATUS_NOT_SUPPORTED, 'hangs-up'] as const)(
    'costs nothing of the rest where it meets %s',
    async (smb1Peek) => {
      const { seen } = await answeredBy(await server({ smb1Peek }));
      expect(seen).toMatchObject([{ kind: 'anonymous', session: 'yes', shares }]);
    },
  );

  it('is not put where the session is refused', async () => {
    const fake = await server({}, { logon: STATUS_ACCESS_DENIED });
    expect(await askBoth(fake)).toMatchObject({ seen: [{ kind: 'anonymous', session: 'no' }] });
    expect(smb1TransactionsIn(fake.connections)).toEqual([]);
  });
});
