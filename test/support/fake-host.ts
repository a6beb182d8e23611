import { randomInt } from 'node:crypto';
import type { ServicePorts } from '../../probes/probe.ts';
import { type MapperManner, startFakeEndpointMapper } from './fake-endpoint-mapper.ts';
import { type FakeNbnsHost, type NbnsHostOptions, startFakeNbnsHost } from './fake-nbns-host.ts';
import { type FakeSmbServer, type SmbBehaviour, startFakeSmbServer } from './fake-smb-server.ts';
import { type ConnectionLog, type FakeTcpServer, startFakeTcpServer } from './fake-tcp-server.ts';

/** What a host on loopback offers; a service that is not named is closed. */
export interface FakeHostOptions {
  readonly address: string;
  readonly ports: ServicePorts;
  readonly nameService?: Pick<NbnsHostOptions, 'names' | 'manner' | 'unitId'>;
  readonly smb?: SmbBehaviour;
  readonly session?: SmbBehaviour;
  readonly endpointMapper?: MapperManner;
}

export interface FakeHost {
  readonly address: string;
  /** Of all its TCP services together. */
  readonly connections: ConnectionLog;
  /** Null where the host has no name service. */
  readonly nameService: FakeNbnsHost | null;
  /** Changes how SMB behaves on both of its ports. */
  behave(behaviour: SmbBehaviour): void;
  close(): Promise<void>;
}

/** One machine of a simulated home network: up to four services at one address of 127.0.0.0/8. */
export async function startFakeHost(options: FakeHostOptions): Promise<FakeHost> {
  const { address, ports, nameService, smb, session, endpointMapper } = options;
  const log: ConnectionLog = [];
  const computer = nameService?.names?.find((each) => !each.group)?.name ?? 'FAKENAS';
  const names =
    nameService === undefined
      ? null
      : await startFakeNbnsHost({ address, port: ports.nameService, ...nameService });
  const servers: FakeSmbServer[] = [];
  if (smb !== undefined)
    servers.push(await startFakeSmbServer({ address, port: ports.smb, log, computer, behaviour: smb }));
  if (session !== undefined) {
    const framing = 'session';
    servers.push(
      await startFakeSmbServer({ address, port: ports.session, log, framing, computer, behaviour: session }),
    );
  }
  const mapper: FakeTcpServer | null =
    endpointMapper === undefined
      ? null
      : await startFakeEndpointMapper({ address, port: ports.endpointMapper, log, manner: endpointMapper });
  return {
    address,
    connections: log,
    nameService: names,
    behave: (behaviour) => {
      for (const server of servers) server.behave(behaviour);
    },
    close: async () => {
      await Promise.all([names, mapper, ...servers].map((each) => each?.close()));
    },
  };
}

/** Below the range from which the kernel gives ports away, so that nobody takes them between look and use. */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 32_000;

/** Port numbers for the four services that are free at `address`, so that other addresses are likely to have them, too. */
export async function freeServicePorts(address: string): Promise<ServicePorts> {
  const first = randomInt(LOWEST_PORT, HIGHEST_PORT);
  const [smb, session, endpointMapper, nameService] = [first, first + 1, first + 2, first + 3];
  const tcp = [smb, session, endpointMapper].map((port) =>
    startFakeTcpServer((socket) => socket.destroy(), { address, port }),
  );
  const udp = startFakeNbnsHost({ address, port: nameService, manner: 'silent' });
  const looks = await Promise.allSettled([...tcp, udp]);
  await Promise.all(looks.map((look) => (look.status === 'fulfilled' ? look.value.close() : null)));
  const areFree = looks.every((look) => look.status === 'fulfilled');
  return areFree ? { smb, session, endpointMapper, nameService } : freeServicePorts(address);
}
