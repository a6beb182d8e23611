import { describe, expect, it } from 'vitest';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smbCiphers } from '../../probes/smb-ciphers.ts';
import { unwrapMessage } from '../../probes/wire/nbss.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { decodeSmb2NegotiateRequest, SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import { CIPHER } from '../../probes/wire/smb2-negotiate-contexts.ts';
import { type FakeSmbServer, type SmbBehaviour, startFakeSmbServer } from '../support/fake-smb-server.ts';
import { mostAtOnce } from '../support/fake-tcp-server.ts';
import { probeContext, untilTestEnds } from '../support/loopback.ts';

const { AES_128_CCM, AES_128_GCM, AES_256_CCM, AES_256_GCM } = CIPHER;

const server = (behaviour: SmbBehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ behaviour }));

async function ask({ port: smb }: { readonly port: number }): ReturnType<typeof smbCiphers.run> {
  return smbCiphers.run(await probeContext({ ports: { ...STANDARD_PORTS, smb } }));
}

/** What each connection offered, in order: dialects and ciphers. */
function offersTo({ connections }: FakeSmbServer): { dialects: readonly number[]; ciphers: number[] }[] {
  return connections.map(({ received }) => {
    const request = decodeSmb2NegotiateRequest(unwrapMessage(Uint8Array.from(received)));
    return { dialects: request.dialects, ciphers: [...(request.contexts?.ciphers ?? [])] };
  });
}

describe('the ciphers probe', () => {
  it.each([
    [
      [AES_256_GCM, AES_128_GCM, AES_256_CCM, AES_128_CCM],
      ['AES-256-GCM', 'AES-128-GCM', 'AES-256-CCM', 'AES-128-CCM'],
    ],
    [
      [AES_128_GCM, AES_128_CCM],
      ['AES-128-GCM', 'AES-128-CCM'],
    ],
    [[AES_128_CCM], ['AES-128-CCM']],
    [[], []],
  ])('finds %j in the order of the server', async (preferred, ciphers) => {
    const outcome = await ask(await server({ ciphers: preferred }));
    expect(outcome).toEqual({ kind: 'answered', seen: { kind: 'ciphers', ciphers }, connection: null });
  });

  it('finds none where encryption is off', async () => {
    expect(await ask(await server({ encryption: false }))).toMatchObject({ seen: { ciphers: [] } });
  });

  it('does not ask again which is the best where the negotiate of the visit has told it', async () => {
    const fake = await server({ ciphers: [AES_128_GCM, AES_256_CCM] });
    const ports = { ...STANDARD_PORTS, smb: fake.port };
    const outcome = await smbCiphers.run(await probeContext({ ports, bestCipher: 'AES-128-GCM' }));
    expect(outcome).toMatchObject({ seen: { ciphers: ['AES-128-GCM', 'AES-256-CCM'] } });
    expect(offersTo(fake).map(({ ciphers }) => ciphers)).toEqual([
      [AES_128_CCM, AES_256_CCM, AES_256_GCM],
      [AES_128_CCM, AES_256_GCM],
    ]);
  });

  it('offers 3.1.1 alone, each time without what was selected, on a connection of its own', async () => {
    const fake = await server({ ciphers: [AES_128_GCM, AES_256_CCM] });
    await ask(fake);
    const dialects = [SMB2_DIALECT.SMB_3_1_1];
    expect(offersTo(fake)).toEqual([
      { dialects, ciphers: [AES_128_CCM, AES_128_GCM, AES_256_CCM, AES_256_GCM] },
      { dialects, ciphers: [AES_128_CCM, AES_256_CCM, AES_256_GCM] },
      { dialects, ciphers: [AES_128_CCM, AES_256_GCM] },
    ]);
    expect(mostAtOnce(fake.connections)).toBe(1);
  });

  it('never offers an empty list: four ciphers take four offers', async () => {
    const fake = await server();
    await ask(fake);
    expect(offersTo(fake).map(({ ciphers }) => ciphers.length)).toEqual([4, 3, 2, 1]);
  });

  it('refuses a cipher that was not offered, known or not', async () => {
    for (const cipher of [AES_128_GCM, 0x7777]) {
      const fake = await server([{}, { selectsCipher: cipher }]);
      expect(await ask(fake)).toEqual({ kind: 'malformed', why: `cipher ${cipher} was not offered` });
    }
  });

  it('refuses another dialect than 3.1.1, and the reply to another request', async () => {
    expect(await ask(await server({ selectsDialect: SMB2_DIALECT.SMB_3_0_2 }))).toMatchObject({
      kind: 'malformed',
      why: 'dialect 0x302 was not offered',
    });
    expect(await ask(await server([{}, { answersAnother: true }]))).toEqual({
      kind: 'malformed',
      why: 'reply to another request',
    });
  });

  it.each([
    ['silent', 'silent'],
    ['garbage', 'malformed'],
    ['hangs-up-when-asked', 'hung-up'],
  ] as const)(
    'has no answer, not half of one, when the server turns %s in the middle',
    async (turn, kind) => {
      const fake = await server([{}, {}, turn]);
      expect((await ask(fake)).kind).toBe(kind);
      expect(fake.connections).toHaveLength(3);
    },
  );

  it('passes on the status of a server that declines', async () => {
    const status = NT_STATUS.STATUS_INSUFFICIENT_RESOURCES;
    expect(await ask(await server([{}, { declinesWith: status }]))).toEqual({ kind: 'declined', status });
  });

  it('asks over a NetBIOS session, and sends no more than it says', async () => {
    const fake = await untilTestEnds(startFakeSmbServer({ framing: 'session' }));
    const context = await probeContext({ ports: { ...STANDARD_PORTS, session: fake.port }, smbPort: 139 });
    expect((await smbCiphers.run(context)).kind).toBe('answered');
    const bytes = fake.connections.reduce((sum, { received }) => sum + received.length, 0);
    expect(bytes).toBeLessThanOrEqual(smbCiphers.bytesAtMost);
  });
});
