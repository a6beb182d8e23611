import { describe, expect, it } from 'vitest';
import { endpointMapper } from '../../probes/endpoint-mapper.ts';
import { decodeBind, ENDPOINT_MAPPER } from '../../probes/wire/dcerpc-bind.ts';
import { type MapperManner, startFakeEndpointMapper } from '../support/fake-endpoint-mapper.ts';
import type { FakeTcpServer } from '../support/fake-tcp-server.ts';
import { connectTo, probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const mapper = (manner: MapperManner): Promise<FakeTcpServer> =>
  untilTestEnds(startFakeEndpointMapper({ manner }));

async function ask(server: FakeTcpServer): ReturnType<typeof endpointMapper.run> {
  return endpointMapper.run(await probeContext({ connection: await connectTo(server) }));
}

describe('the endpoint mapper probe', () => {
  it('sees that a bind was acknowledged', async () => {
    expect(await ask(await mapper('acknowledges'))).toEqual({
      kind: 'answered',
      seen: { kind: 'endpoint-mapper', bindAcknowledged: true },
      connection: null,
    });
  });

  it.each(['refuses', 'faults'] as const)('sees that none was when the mapper %s', async (manner) => {
    expect(await ask(await mapper(manner))).toMatchObject({ seen: { bindAcknowledged: false } });
  });

  it('sends one bind to the interface of the endpoint mapper and nothing else', async () => {
    const server = await mapper('acknowledges');
    await ask(server);
    const sent = Uint8Array.from(server.connections[0]?.received ?? []);
    expect(sent).toHaveLength(endpointMapper.bytesAtMost);
    expect(decodeBind(sent).contexts.map((each) => each.abstractSyntax)).toEqual([ENDPOINT_MAPPER]);
  });

  it('refuses the answer to another call', async () => {
    expect(await ask(await mapper('other-call'))).toEqual({
      kind: 'malformed',
      why: 'reply to another call',
    });
  });

  it('calls what is no RPC malformed', async () => {
    expect(await ask(await mapper('garbage'))).toMatchObject({ kind: 'malformed' });
  });

  it('tells silence from hanging up, by its deadline', async () => {
    expect(await ask(await mapper('hangs-up'))).toEqual({ kind: 'hung-up', received: 0 });
    const [outcome, took] = await timed(async () => ask(await mapper('silent')));
    expect(outcome).toMatchObject({ kind: 'silent' });
    expect(took).toBeLessThan(2_500);
  });

  it('asks nothing without a connection', async () => {
    expect(await endpointMapper.run(await probeContext())).toEqual({ kind: 'silent' });
  });
});
