import { describe, expect, it } from 'vitest';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smbIdentity } from '../../probes/smb-identity.ts';
import { unwrapMessage } from '../../probes/wire/nbss.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { decodeSmb2NegotiateRequest, SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import { decodeSmb2SessionSetupRequest } from '../../probes/wire/smb2-session-setup.ts';
import {
  type FakeSmbServer,
  MODERN,
  SMB1_ONLY,
  type SmbBehaviour,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import { probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const server = (behaviour: SmbBehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ behaviour }));

async function ask({ port: smb }: { readonly port: number }): ReturnType<typeof smbIdentity.run> {
  return smbIdentity.run(await probeContext({ ports: { ...STANDARD_PORTS, smb } }));
}

/** The SMB messages of one connection, without their framing. */
function messagesOf(received: readonly number[]): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let rest = Uint8Array.from(received);
  while (rest.length > 0) {
    const end = 4 + new DataView(rest.buffer, rest.byteOffset).getUint32(0);
    messages.push(unwrapMessage(rest.slice(0, end)));
    rest = rest.slice(end);
  }
  return messages;
}

describe('the identity probe', () => {
  it('sees the names and the version of the challenge', async () => {
    expect(await ask(await server())).toEqual({
      kind: 'answered',
      seen: { kind: 'identity', identity: MODERN.identity, serverGuid: MODERN.serverGuid },
      connection: null,
    });
  });

  it.each(Object.entries(SMB2_DIALECT))('sees them whatever dialect is selected: %s', async (_, dialect) => {
    expect(await ask(await server({ dialects: [dialect] }))).toMatchObject({
      seen: { identity: { computer: 'FAKENAS' } },
    });
  });

  it('finds a challenge without an envelope, too', async () => {
    const identity = { ...MODERN.identity, version: '10.0.26100' };
    expect(await ask(await server({ sessionSetup: 'ntlm-alone', identity }))).toMatchObject({
      seen: { identity },
    });
  });

  it('takes what was not sent for not told: version, names', async () => {
    const identity = { computer: null, domain: null, dnsComputer: null, dnsDomain: null, version: null };
    expect(await ask(await server({ identity }))).toMatchObject({ kind: 'answered', seen: { identity } });
  });

  it('takes an empty name for not told', async () => {
    const identity = { ...MODERN.identity, domain: '' };
    expect(await ask(await server({ identity }))).toMatchObject({ seen: { identity: { domain: null } } });
  });

  it('takes a version of nothing but ones for filler, as impacket sends it', async () => {
    const identity = { ...MODERN.identity, version: '255.255.65535' };
    expect(await ask(await server({ identity }))).toMatchObject({ seen: { identity: { version: null } } });
  });

  it('keeps hostile names as they were observed', async () => {
    const identity = {
      computer: '\x1b]0;owned\x07\u202eSAN',
      domain: '<i>`&"',
      dnsComputer: `${'x'.repeat(4_000)}\u0000<b>{{x}}`,
      dnsDomain: '[a](//b)\r\n',
      version: '255.255.65534',
    };
    expect(await ask(await server({ identity }))).toMatchObject({ seen: { identity } });
  });

  it('sees that a server sends no challenge', async () => {
    expect(await ask(await server({ sessionSetup: 'without-token' }))).toEqual({
      kind: 'answered',
      seen: { kind: 'identity', identity: null, serverGuid: MODERN.serverGuid },
      connection: null,
    });
  });

  it('takes a refusal of the session setup for the answer that the server tells nothing', async () => {
    const outcome = await ask(await server({ sessionSetup: NT_STATUS.STATUS_ACCESS_DENIED }));
    expect(outcome).toMatchObject({ kind: 'answered', seen: { kind: 'identity', identity: null } });
  });

  it('asks with one negotiate and one NTLM message that names nobody, and never answers the challenge', async () => {
    const fake = await server();
    await ask(fake);
    expect(fake.connections).toHaveLength(1);
    const [negotiate, setup, ...more] = messagesOf(fake.connections[0]?.received ?? []);
    expect(more).toEqual([]);
    expect(decodeSmb2NegotiateRequest(negotiate!).dialects).toEqual(Object.values(SMB2_DIALECT));
    const request = decodeSmb2SessionSetupRequest(setup!);
    expect(request).toMatchObject({ previousSessionId: 0n, header: { messageId: 1n, sessionId: 0n } });
    const ntlm = Buffer.from(request.securityBuffer);
    const token = ntlm.subarray(ntlm.indexOf('NTLMSSP\0'));
    const [domainLength, workstationLength] = [token.readUInt16LE(16), token.readUInt16LE(24)];
    expect([token.readUInt32LE(8), domainLength, workstationLength]).toEqual([1, 0, 0]);
  });

  it('asks over a NetBIOS session, and sends no more than it says', async () => {
    const fake = await untilTestEnds(startFakeSmbServer({ framing: 'session' }));
    const context = await probeContext({ ports: { ...STANDARD_PORTS, session: fake.port }, smbPort: 139 });
    expect(await smbIdentity.run(context)).toMatchObject({ seen: { identity: MODERN.identity } });
    expect(fake.connections[0]?.received.length).toBeLessThanOrEqual(smbIdentity.bytesAtMost);
  });

  it('reads an answer that comes byte by byte', async () => {
    expect((await ask(await server({ pieceBytes: 1 }))).kind).toBe('answered');
  });

  it.each([
    ['for-another', 'malformed'],
    ['cut-token', 'malformed'],
    ['garbage', 'malformed'],
    ['hangs-up', 'hung-up'],
  ] as const)('has no answer when the session setup meets %s, at once', async (sessionSetup, kind) => {
    const fake = await server({ sessionSetup });
    const [outcome, took] = await timed(() => ask(fake));
    expect(outcome.kind).toBe(kind);
    expect(took).toBeLessThan(500);
  });

  it('has no answer when the server falls silent behind the negotiate, and is done by its deadline', async () => {
    const fake = await server({ sessionSetup: 'silent' });
    const [outcome, took] = await timed(() => ask(fake));
    expect(outcome.kind).toBe('silent');
    expect(took).toBeLessThan(2_500);
  });

  it('sends no session setup where the negotiate has failed', async () => {
    for (const behaviour of ['garbage', SMB1_ONLY, { declinesWith: 0xc00000bb }] as const) {
      const fake = await server(behaviour);
      expect((await ask(fake)).kind).not.toBe('answered');
      expect(messagesOf(fake.connections[0]?.received ?? [])).toHaveLength(1);
    }
  });
});
