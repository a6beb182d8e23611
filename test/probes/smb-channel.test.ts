import { describe, expect, it } from 'vitest';
import { type ProbeContext, STANDARD_PORTS } from '../../probes/probe.ts';
import { exchange, openSmbChannel } from '../../probes/smb-channel.ts';
import { decodeSessionRequest } from '../../probes/wire/nbss.ts';
import { smbProtocol } from '../../probes/wire/smb-message.ts';
import { encodeSmb2NegotiateRequest, SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import { type FakeSmbServer, type SmbServerOptions, startFakeSmbServer } from '../support/fake-smb-server.ts';
import { startFakeTcpServer } from '../support/fake-tcp-server.ts';
import { probeContext, random, untilTestEnds } from '../support/loopback.ts';

const QUESTION = encodeSmb2NegotiateRequest({
  dialects: [SMB2_DIALECT.SMB_2_1],
  clientGuid: random(16),
  salt: random(32),
});

const server = (options: SmbServerOptions = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer(options));

function contextFor(fake: { readonly port: number }): Promise<ProbeContext> {
  const ports = { ...STANDARD_PORTS, smb: fake.port, session: fake.port };
  return probeContext({ ports, calledNames: ['NAS', '*SMBSERVER'] });
}

async function open(fake: FakeSmbServer, port: 445 | 139): ReturnType<typeof openSmbChannel> {
  return openSmbChannel(await contextFor(fake), port);
}

describe('an SMB channel', () => {
  it('opens on 445 without a byte', async () => {
    const fake = await server();
    expect(await open(fake, 445)).toMatchObject({ kind: 'open', channel: { port: 445 } });
    expect(fake.connections).toMatchObject([{ received: [] }]);
  });

  it('opens on 139 by one session request for the best called name', async () => {
    const fake = await server({ framing: 'session' });
    expect(await open(fake, 139)).toMatchObject({ kind: 'open', channel: { port: 139 } });
    const request = decodeSessionRequest(Uint8Array.from(fake.connections[0]?.received ?? []));
    expect(request).toMatchObject({ called: { name: 'NAS', suffix: 0x20 }, calling: { name: 'SMBWARDEN' } });
  });

  it('never follows a retarget', async () => {
    const elsewhere = await server();
    const retarget = Uint8Array.of(0x84, 0, 0, 6, 127, 0, 0, 1, elsewhere.port >> 8, elsewhere.port & 0xff);
    const fake = await untilTestEnds(startFakeTcpServer((socket) => void socket.write(retarget)));
    const opened = await openSmbChannel(await contextFor(fake), 139);
    expect(opened).toEqual({ kind: 'declined', status: 0 });
    expect(elsewhere.connections).toEqual([]);
  });

  it('carries one message there and one back', async () => {
    const opened = await open(await server(), 445);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    const reply = await exchange(opened.channel, QUESTION);
    expect(reply.kind === 'message' && smbProtocol(reply.message)).toBe('smb2');
  });

  it('does not open where something else answers', async () => {
    const silentService = await server({ framing: 'session', behaviour: 'garbage' });
    expect(await open(silentService, 139)).toMatchObject({ kind: 'malformed' });
    const hangsUp = await server({ framing: 'session', behaviour: 'hangs-up-when-asked' });
    expect(await open(hangsUp, 139)).toEqual({ kind: 'hung-up', received: 0 });
  });
});
