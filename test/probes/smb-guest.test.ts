import { describe, expect, it } from 'vitest';
import type { Share } from '../../domain/facts.ts';
import { NO_PASSWORD, ntlmv2Response } from '../../probes/ntlm-response.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smbGuest } from '../../probes/smb-guest.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { isAnonymous } from '../../probes/wire/ntlm-authenticate.ts';
import { SMB2_COMMAND } from '../../probes/wire/smb2-header.ts';
import { SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import { SMB2_SESSION_FLAG } from '../../probes/wire/smb2-session-setup.ts';
import { SHARE_TYPE } from '../../probes/wire/srvsvc.ts';
import { type FakeSmbServer, type SmbSetup, startFakeSmbServer } from '../support/fake-smb-server.ts';
import {
  type AnonymousSetup,
  type Break,
  commandsIn,
  type FakeShare,
  givingAway,
  logonsIn,
  opensIn,
  READ_WRITE,
  sharesConnectedTo,
} from '../support/fake-smb-session.ts';
import { probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const { STATUS_ACCESS_DENIED, STATUS_LOGON_FAILURE, STATUS_ACCOUNT_DISABLED } = NT_STATUS;
const { SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL } = SMB2_SESSION_FLAG;

const PUBLIC: FakeShare = { name: 'public', comment: 'For everybody', maximalAccess: READ_WRITE };
const SECRET: FakeShare = { name: 'secret', connects: STATUS_ACCESS_DENIED };
const PRINTER: FakeShare = { name: 'laser', type: SHARE_TYPE.STYPE_PRINTQ };
const SHARES = [PUBLIC, SECRET, PRINTER, { name: 'IPC$', type: 0x8000_0003 }];

/** A server that lets everybody in as a guest. */
const server = (
  guest: Partial<AnonymousSetup> = {},
  setup: Partial<SmbSetup> = {},
): Promise<FakeSmbServer> => {
  const anonymous = givingAway(SHARES, { sessionFlags: SMB2_SESSION_FLAG_IS_GUEST, ...guest });
  return untilTestEnds(startFakeSmbServer({ behaviour: { anonymous, ...setup } }));
};

async function ask(
  { port: smb }: { readonly port: number },
  overrides: Parameters<typeof probeContext>[0] = {},
): ReturnType<typeof smbGuest.run> {
  return smbGuest.run(await probeContext({ ports: { ...STANDARD_PORTS, smb }, ...overrides }));
}

const answered = (session: 'yes' | 'no', shares: readonly Share[] | null) => ({
  kind: 'answered',
  seen: { kind: 'guest', session, shares },
  connection: null,
});

const GIVEN = [
  { name: 'public', type: 'disk', comment: 'For everybody', readable: 'yes', writable: 'yes' },
  { name: 'secret', type: 'disk', comment: '', readable: 'no', writable: 'no' },
  { name: 'laser', type: 'print', comment: '', readable: 'unknown', writable: 'unknown' },
  { name: 'IPC$', type: 'ipc', comment: '', readable: 'unknown', writable: 'unknown' },
] as const;

describe('a user who does not exist', () => {
  it('is let in as a guest, told the shares, and shown what each permits', async () => {
    expect(await ask(await server())).toEqual(answered('yes', GIVEN));
  });

  it('is let in, too, by a server that takes anybody for a user of its own', async () => {
    expect(await ask(await server({ sessionFlags: 0 }))).toEqual(answered('yes', GIVEN));
  });

  it('is let in and told no list', async () => {
    expect(await ask(await server({ pipe: STATUS_ACCESS_DENIED }))).toEqual(answered('yes', null));
  });

  it('is no guest where the session is that of nobody, which is logged off at once', async () => {
    const fake = await server({ sessionFlags: SMB2_SESSION_FLAG_IS_NULL });
    expect(await ask(fake)).toEqual(answered('no', null));
    expect(sharesConnectedTo(fake.connections)).toEqual([]);
    expect(commandsIn(fake.connections).at(-1)).toBe(SMB2_COMMAND.SMB2_LOGOFF);
  });

  it.each([STATUS_LOGON_FAILURE, STATUS_ACCOUNT_DISABLED, STATUS_ACCESS_DENIED])(
    'is refused with status %i, which is the whole answer',
    async (logon) => {
      const fake = await server({ logon });
      expect(await ask(fake)).toEqual(answered('no', null));
      expect(commandsIn(fake.connections)).toEqual([
        SMB2_COMMAND.SMB2_SESSION_SETUP,
        SMB2_COMMAND.SMB2_SESSION_SETUP,
      ]);
    },
  );

  it('is refused where no challenge is sent', async () => {
    const fake = await server({}, { sessionSetup: STATUS_ACCESS_DENIED });
    expect(await ask(fake)).toEqual(answered('no', null));
    expect(logonsIn(fake.connections)).toEqual([]);
  });

  it('is let in for an encrypted session alone, which tells that and nothing of guests', async () => {
    const seen = { kind: 'encryption-required' };
    expect(await ask(await server({ logon: 'encrypted' }))).toEqual({
      kind: 'answered',
      seen,
      connection: null,
    });
  });

  it('is put off by a busy server, which proves nothing', async () => {
    const status = NT_STATUS.STATUS_REQUEST_NOT_ACCEPTED;
    expect(await ask(await server({ logon: status }))).toEqual({ kind: 'declined', status });
  });
});

describe('the attempt to log on', () => {
  it.each<[string, Partial<AnonymousSetup>, Partial<SmbSetup>]>([
    ['accepted', {}, {}],
    ['refused', { logon: STATUS_LOGON_FAILURE }, {}],
    ['accepted at 3.1.1 alone', {}, { dialects: [SMB2_DIALECT.SMB_3_1_1] }],
    ['left without an answer', { breaks: { at: SMB2_COMMAND.SMB2_SESSION_SETUP, with: 'hanging up' } }, {}],
    ['broken off later', { breaks: { at: SMB2_COMMAND.SMB2_IOCTL, with: 'garbage' } }, {}],
  ])('is made once when it is %s', async (_, guest, setup) => {
    const fake = await server(guest, setup);
    await ask(fake);
    expect(logonsIn(fake.connections)).toHaveLength(1);
  });

  it('is made under a name of four syllables and two digits, another one each time', async () => {
    const fake = await server();
    for (let i = 0; i < 3; i += 1) await ask(fake);
    const logons = logonsIn(fake.connections);
    for (const { userName } of logons) expect(userName).toMatch(/^([b-z][aeio]){4}\d\d$/);
    expect(new Set(logons.map(({ userName }) => userName)).size).toBe(3);
    expect(logons.some(isAnonymous)).toBe(false);
    expect(logons.every(({ domainName, workstation }) => domainName + workstation === '')).toBe(true);
  });

  it('proves an empty password', async () => {
    const fake = await server();
    await ask(fake, { random: (bytes) => new Uint8Array(bytes).fill(0x21) });
    const [logon] = logonsIn(fake.connections);
    const proof = {
      userName: 'didididi33',
      domainName: '',
      ntHash: NO_PASSWORD,
      // The fake challenges with zeros.
      serverChallenge: new Uint8Array(8),
      challengeFromClient: new Uint8Array(8).fill(0x21),
      timestamp: 0n,
    };
    expect(logon?.userName).toBe(proof.userName);
    const sent = logon?.ntChallengeResponse ?? new Uint8Array();
    // Proof, fixed part of the client challenge, AV pairs, four zeros.
    const targetInfo = sent.slice(16 + 28, -4);
    expect(targetInfo.length).toBeGreaterThan(4);
    expect(sent).toEqual(ntlmv2Response({ ...proof, targetInfo }));
  });

  it('is not made to a server that wants more sent back than can be honest', async () => {
    const identity = {
      computer: 'x'.repeat(2_000),
      domain: '',
      dnsComputer: '',
      dnsDomain: '',
      version: null,
    };
    const fake = await server({}, { identity });
    expect((await ask(fake)).kind).toBe('malformed');
    expect(logonsIn(fake.connections)).toEqual([]);
  });

  it('is not made where SMB 2 is not spoken', async () => {
    const fake = await server({}, { dialects: [], smb1: 'selected' });
    expect((await ask(fake)).kind).toBe('hung-up');
    expect(commandsIn(fake.connections)).toEqual([]);
  });

  it('waits for a server that keeps whoever it refuses waiting', async () => {
    const fake = await server({ logon: STATUS_LOGON_FAILURE, logonDelayMs: 2_100 });
    expect(await ask(fake)).toEqual(answered('no', null));
  });
});

describe('a conversation', () => {
  it.each<[Break, string]>([
    ['garbage', 'malformed'],
    ['hanging up', 'hung-up'],
    ['an answer to another request', 'malformed'],
  ])('that meets %s after the logon proves nothing', async (how, kind) => {
    const breaks = { at: SMB2_COMMAND.SMB2_TREE_CONNECT, with: how };
    const [outcome, took] = await timed(async () => ask(await server({ breaks })));
    expect(outcome.kind).toBe(kind);
    expect(took).toBeLessThan(1_000);
  });

  it('opens nothing but the pipe and the roots, and no print share', async () => {
    const fake = await server();
    await ask(fake);
    expect(opensIn(fake.connections).map(({ name }) => name)).toEqual(['srvsvc', '']);
    const [ipc, , ...shares] = sharesConnectedTo(fake.connections);
    expect([ipc, ...shares]).toEqual(['IPC$', 'public', 'secret']);
  });

  it('sends no more bytes than it says', async () => {
    const shares = Array.from({ length: 40 }, (_, i) => ({ name: `${i}`.padStart(256, 's') }));
    const fake = await server({ shares });
    await ask(fake);
    const bytes = fake.connections.flatMap(({ received }) => received).length;
    expect(bytes).toBeLessThanOrEqual(smbGuest.bytesAtMost);
  });
});
