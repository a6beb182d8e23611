import type { ServicePorts } from '../../probes/probe.ts';
import {
  type FakeHost,
  type FakeHostOptions,
  freeServicePorts,
  startFakeHost,
} from '../support/fake-host.ts';
import { serverNames } from '../support/fake-nbns-host.ts';
import { SMB1_ONLY } from '../support/fake-smb-server.ts';
import { type FakeTcpServer, startFakeTcpServer } from '../support/fake-tcp-server.ts';

/** A household of five machines on loopback. Each answers with real packets, at its own address. */
export interface SimulatedHome {
  /** As it is written in the configuration. */
  readonly target: string;
  readonly ports: ServicePorts;
  /** Name, address and a word on each machine. */
  readonly machines: readonly { readonly name: string; readonly address: string; readonly about: string }[];
  readonly nas: FakeHost;
  /** How often the raw-print port of the printer was connected to; null where this machine has it in use already. */
  printerConnections(): number | null;
  close(): Promise<void>;
}

const TARGET = '127.77.0.0/28';
const RAW_PRINT_PORT = 9100;

const ROUTER = '127.77.0.1';
const NAS = '127.77.0.2';
const PC = '127.77.0.3';
const SCANNER = '127.77.0.4';
const PRINTER = '127.77.0.5';

const MACHINES = [
  { name: 'ROUTER', address: ROUTER, about: 'tells its NetBIOS name to everybody who asks' },
  { name: 'NAS', address: NAS, about: 'SMB 3.1.1, signing required, SMB 1 switched off: well kept' },
  { name: 'DESKTOP-7Q2', address: PC, about: 'Windows, with NetBIOS and RPC open to the network' },
  { name: 'SCANNER', address: SCANNER, about: 'twelve years old, speaks SMB 1 and nothing newer' },
  {
    name: 'BRN0080774A5B6C',
    address: PRINTER,
    about: 'a printer; any byte on its port 9100 would be printed',
  },
] as const;

/** Starts all five. Ports are above 1024, because this needs no root. */
export async function startHome(): Promise<SimulatedHome> {
  const ports = await freeServicePorts(ROUTER);
  const open: { close(): Promise<void> }[] = [];
  const start = async (address: string, services: Omit<FakeHostOptions, 'address' | 'ports'>) => {
    const name = MACHINES.find((machine) => machine.address === address)?.name ?? '';
    const nameService = { names: serverNames(name, 'HOME') };
    const host = await startFakeHost({ address, ports, nameService, ...services });
    open.push(host);
    return host;
  };
  await start(ROUTER, {});
  const nas = await start(NAS, { smb: {} });
  await start(PC, { smb: {}, session: {}, endpointMapper: 'acknowledges' });
  await start(SCANNER, { smb: SMB1_ONLY, session: SMB1_ONLY });
  await start(PRINTER, {});
  const rawPrint = await startRawPrint();
  if (rawPrint !== null) open.push(rawPrint);
  return {
    target: TARGET,
    ports,
    machines: MACHINES,
    nas,
    printerConnections: () => rawPrint?.connections.length ?? null,
    close: async () => {
      await Promise.all(open.map((each) => each.close()));
    },
  };
}

async function startRawPrint(): Promise<FakeTcpServer | null> {
  try {
    return await startFakeTcpServer(() => {}, { address: PRINTER, port: RAW_PRINT_PORT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw error;
  }
}
