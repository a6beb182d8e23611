import { describe, expect, it } from 'vitest';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smbDialects } from '../../probes/smb-dialects.ts';
import { encodeSessionRequest, sessionFrameLength, unwrapMessage } from '../../probes/wire/nbss.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { decodeSmb2NegotiateRequest, SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import {
  type FakeSmbServer,
  type Misbehaviour,
  MODERN,
  type SmbSetup,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import { connectTo, probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const server = (behaviour: Partial<SmbSetup> | Misbehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ behaviour }));

async function ask(fake: FakeSmbServer): ReturnType<typeof smbDialects.run> {
  return smbDialects.run(await probeContext({ connection: await connectTo(fake) }));
}

const REPLY_BYTES = 64 + 4 + 68 + 68;

describe('the dialects probe', () => {
  it('sees the selected dialect, the policy, and what the server tells of itself', async () => {
    const bootTime = Date.UTC(2026, 10, 1);
    expect(await ask(await server({ bootTime }))).toEqual({
      kind: 'answered',
      connection: null,
      seen: {
        dialect: '3.1.1',
        signing: 'required',
        encryptionSupported: true,
        cipher: 'AES-128-GCM',
        compression: [],
        serverGuid: MODERN.serverGuid,
        systemTime: MODERN.systemTime,
        bootTime,
      },
    });
  });

  it.each([
    ['2.0.2', [SMB2_DIALECT.SMB_2_0_2], false],
    ['2.1', [SMB2_DIALECT.SMB_2_0_2, SMB2_DIALECT.SMB_2_1], false],
    ['3.0', [SMB2_DIALECT.SMB_2_1, SMB2_DIALECT.SMB_3_0], true],
    ['3.0.2', [SMB2_DIALECT.SMB_3_0_2], true],
  ] as const)('sees %s as the best of %j', async (dialect, dialects, encryptionSupported) => {
    expect(await ask(await server({ dialects }))).toMatchObject({ seen: { dialect, encryptionSupported } });
  });

  it('reads "required" from the security mode alone', async () => {
    expect(await ask(await server({ signing: 'enabled' }))).toMatchObject({ seen: { signing: 'enabled' } });
  });

  it('sees no encryption where 3.1.1 names cipher 0, as Samba does', async () => {
    expect(await ask(await server({ encryption: false }))).toMatchObject({
      seen: { dialect: '3.1.1', encryptionSupported: false },
    });
  });

  it('takes zeros for what they are: not told', async () => {
    const outcome = await ask(await server({ serverGuid: null, systemTime: null, bootTime: null }));
    expect(outcome).toMatchObject({ seen: { serverGuid: null, systemTime: null, bootTime: null } });
  });

  it('takes a server that has always just started for one that does not tell when, as impacket', async () => {
    const systemTime = Date.UTC(2026, 10, 1);
    const bootTimes = [systemTime, systemTime - 1_000, systemTime - 60_000];
    const seen = bootTimes.map(async (bootTime) => ask(await server({ systemTime, bootTime })));
    expect(await Promise.all(seen)).toMatchObject([
      { seen: { bootTime: null } },
      { seen: { bootTime: null } },
      { seen: { bootTime: systemTime - 60_000 } },
    ]);
  });

  it('offers all five dialects in one request, with a GUID of its own for each connection', async () => {
    const fake = await server();
    await ask(fake);
    await ask(fake);
    const sent = fake.connections.map(({ received }) => Uint8Array.from(received));
    expect(sent.map((bytes) => bytes.length)).toEqual([smbDialects.bytesAtMost, smbDialects.bytesAtMost]);
    const requests = sent.map((bytes) => decodeSmb2NegotiateRequest(unwrapMessage(bytes)));
    expect(requests[0]?.dialects).toEqual(Object.values(SMB2_DIALECT));
    expect(requests[0]?.clientGuid).not.toEqual(requests[1]?.clientGuid);
  });

  it('reads a reply that comes byte by byte', async () => {
    expect(await ask(await server({ pieceBytes: 1 }))).toMatchObject({ seen: { dialect: '3.1.1' } });
  });

  it('reads a reply wherever it is cut', async () => {
    for (let pieceBytes = 2; pieceBytes < REPLY_BYTES; pieceBytes += 7) {
      const outcome = await ask(await server({ pieceBytes }));
      expect(outcome, `pieces of ${pieceBytes} bytes`).toMatchObject({ seen: { dialect: '3.1.1' } });
    }
  });

  it('says how far the reply had come when the server hangs up in its midst', async () => {
    expect(await ask(await server({ closesAfter: 100 }))).toEqual({ kind: 'hung-up', received: 100 });
  });

  it('passes on the status of a server that declines', async () => {
    const status = NT_STATUS.STATUS_NOT_SUPPORTED;
    expect(await ask(await server({ declinesWith: status }))).toEqual({ kind: 'declined', status });
  });

  it('refuses the reply to another request', async () => {
    expect(await ask(await server({ answersAnother: true }))).toEqual({
      kind: 'malformed',
      why: 'reply to another request',
    });
  });

  it.each([
    ['hangs-up-at-once', 'hung-up'],
    ['hangs-up-when-asked', 'hung-up'],
    ['resets', 'hung-up'],
    ['garbage', 'malformed'],
    ['framed-garbage', 'malformed'],
    ['echo', 'malformed'],
    ['huge-length', 'malformed'],
    ['floods', 'malformed'],
  ] as const)(
    'never takes a server that %s for SMB, and is done with it at once',
    async (behaviour, kind) => {
      const fake = await server(behaviour);
      const [outcome, took] = await timed(() => ask(fake));
      expect(outcome.kind).toBe(kind);
      expect(took).toBeLessThan(500);
    },
  );

  it('is done by its deadline with servers that are silent, drip, or send keep-alives for ever', async () => {
    const asked = [server('silent').then(ask), server('drips').then(ask), askBehindKeepAlives()];
    const [outcomes, took] = await timed(() => Promise.all(asked));
    expect(outcomes.map((each) => each.kind)).toEqual(['silent', 'silent', 'silent']);
    expect(took).toBeLessThan(2_500);
  });
});

/** On a NetBIOS session keep-alives may come at any time, and are skipped. */
async function askBehindKeepAlives(): ReturnType<typeof smbDialects.run> {
  const fake = await untilTestEnds(
    startFakeSmbServer({ framing: 'session', behaviour: 'keeps-alive-for-ever' }),
  );
  const connection = await connectTo(fake);
  connection.write(encodeSessionRequest({ calledName: '*SMBSERVER', callingName: 'TEST' }));
  await connection.readFrame(sessionFrameLength, 500);
  const ports = { ...STANDARD_PORTS, session: fake.port };
  return smbDialects.run(await probeContext({ connection, ports }));
}
