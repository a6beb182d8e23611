import { describe, expect, it } from 'vitest';
import { nodeStatus } from '../../probes/nbstat.ts';
import { type ProbeContext, STANDARD_PORTS } from '../../probes/probe.ts';
import { decodeNodeStatusRequest } from '../../probes/wire/nbns.ts';
import { WILDCARD } from '../../probes/wire/netbios-name.ts';
import {
  type FakeNbnsHost,
  HOSTILE_NAMES,
  type NbnsHostOptions,
  serverNames,
  startFakeNbnsHost,
} from '../support/fake-nbns-host.ts';
import { probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const host = (options: NbnsHostOptions = {}): Promise<FakeNbnsHost> =>
  untilTestEnds(startFakeNbnsHost(options));

const contextFor = (
  { port: nameService }: { readonly port: number },
  overrides: Partial<ProbeContext> = {},
): Promise<ProbeContext> => probeContext({ ports: { ...STANDARD_PORTS, nameService }, ...overrides });

describe('the node status probe', () => {
  it('sees the names a host holds, in wire order, and its unit id', async () => {
    const unitId = Uint8Array.of(0x00, 0x11, 0x32, 0xaa, 0xbb, 0xcc);
    const fake = await host({ names: serverNames('NAS'), unitId });
    expect(await nodeStatus.run(await contextFor(fake))).toEqual({
      kind: 'answered',
      seen: { kind: 'node-status', names: serverNames('NAS'), unitId: '00:11:32:aa:bb:cc' },
      connection: null,
    });
  });

  it('takes a unit id of zeros for what it is: not told', async () => {
    const outcome = await nodeStatus.run(await contextFor(await host()));
    expect(outcome).toMatchObject({ kind: 'answered', seen: { unitId: null } });
  });

  it('keeps hostile names as they were sent', async () => {
    const outcome = await nodeStatus.run(await contextFor(await host({ names: HOSTILE_NAMES })));
    expect(outcome).toMatchObject({ kind: 'answered', seen: { names: HOSTILE_NAMES } });
  });

  it('puts the wildcard question with a new id each time, 50 bytes and no more', async () => {
    const fake = await host({ manner: 'silent' });
    await nodeStatus.run(await contextFor(fake));
    const questions = fake.received.map(decodeNodeStatusRequest);
    expect(questions.map(({ name }) => name)).toEqual([WILDCARD, WILDCARD]);
    expect(new Set(questions.map(({ transactionId }) => transactionId)).size).toBe(2);
    expect(fake.received.map((datagram) => datagram.length)).toEqual([50, 50]);
    expect(nodeStatus.bytesAtMost).toBe(100);
  });

  it('is silent, by its deadline, where no reply to this question comes from the host itself', async () => {
    const manners = ['silent', 'wrong-id', 'echo', 'from-another-address', 'from-another-port'] as const;
    const contexts = await Promise.all(manners.map(async (manner) => contextFor(await host({ manner }))));
    const [outcomes, took] = await timed(() => Promise.all(contexts.map(nodeStatus.run)));
    expect(outcomes).toEqual(manners.map(() => ({ kind: 'silent' })));
    expect(took).toBeLessThan(1_500);
  });

  it('calls a truncated reply malformed, and says where it broke off', async () => {
    const outcome = await nodeStatus.run(await contextFor(await host({ manner: 'truncated' })));
    expect(outcome).toMatchObject({
      kind: 'malformed',
      why: expect.stringMatching(/^NODE STATUS RESPONSE: /),
    });
  });

  it('hears the refusal of a living host without a name service', async () => {
    const { port, close } = await startFakeNbnsHost();
    await close();
    expect(await nodeStatus.run(await contextFor({ port }))).toEqual({ kind: 'refused' });
  });

  it('does not repeat the question to an address that has shown no sign of life', async () => {
    const fake = await host({ manner: 'silent' });
    const signal = AbortSignal.timeout(900);
    const outcome = await nodeStatus.run(await contextFor(fake, { isAlive: () => false, signal }));
    expect(outcome).toEqual({ kind: 'silent' });
    expect(fake.received).toHaveLength(1);
  });
});
