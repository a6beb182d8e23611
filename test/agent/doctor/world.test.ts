import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import { serveControl } from '../../../agent/control.ts';
import { createDoctorWorld } from '../../../agent/doctor/world.ts';
import { startBroker } from '../../support/aedes-broker.ts';
import { recordedFile } from '../../support/open-database.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const DEFAULTS = parseConfig('', 'x');

function worldAt(dataDir: string, config = DEFAULTS) {
  return createDoctorWorld({
    configuration: { kind: 'good', config, file: null },
    dataDir,
    version: '1.0.0',
    now: () => SAMPLE_TIME,
    env: {},
  });
}

async function listener(): Promise<{ readonly port: number; close: () => void }> {
  const server = createServer((socket) => socket.on('error', () => {}).end('220 not TLS\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe('the world of the doctor', () => {
  it('looks at a history without changing it, and at one that is not there', () => {
    const dataDir = dirname(recordedFile());
    writeFileSync(join(dataDir, 'smbwarden.db.corrupt.20261121T224105.000Z'), 'x');
    const world = worldAt(dataDir);
    expect(world.database()).toMatchObject({
      kind: 'there',
      checked: { faults: [] },
      lastBackupAt: null,
      setAside: [join(dataDir, 'smbwarden.db.corrupt.20261121T224105.000Z')],
      strayFiles: [],
    });
    expect(world.recorded(DEFAULTS)).toMatchObject({
      lastSweep: { kind: 'sweep' },
      sweepIntervalMinutes: 15,
      eventsWaiting: 1,
      hostsOverIpv6: 0,
    });
    expect(world.freeDisk()).toBeGreaterThan(0);
    const nowhere = join(dataDir, 'nowhere');
    expect(worldAt(nowhere).database()).toMatchObject({ kind: 'none' });
    expect(worldAt(nowhere).recorded(DEFAULTS)).toBeNull();
    expect(worldAt(nowhere).freeDisk()).toBeNull();
    expect(existsSync(nowhere)).toBe(false);
  });

  it('tells a damaged history', () => {
    const file = recordedFile();
    writeFileSync(file, 'not a database at all, but long enough to be looked at '.repeat(100));
    expect(worldAt(dirname(file)).database()).toMatchObject({
      kind: 'there',
      checked: { faults: [expect.stringContaining('damaged') as unknown] },
    });
  });

  it('tells an open port from a closed one by the code', async () => {
    const world = worldAt(temporaryDirectory());
    const { port, close } = await listener();
    expect(await world.connect('127.0.0.1', port)).toEqual({ kind: 'done', value: null });
    close();
    expect(await world.connect('127.0.0.1', port)).toMatchObject({ kind: 'failed', code: 'ECONNREFUSED' });
    expect(await world.resolve('127.0.0.1')).toEqual({ kind: 'done', value: ['127.0.0.1'] });
  });

  it('tells a port that speaks no TLS', async () => {
    const { port } = await listener();
    const config = parseConfig(`mqtt: {url: "mqtts://127.0.0.1:${port}"}`, 'x');
    const handshake = await worldAt(temporaryDirectory()).handshake(config);
    expect(handshake).toMatchObject({ kind: 'failed', code: expect.stringMatching(/^E/) as unknown });
  });

  it('examines the broker under an id of its own where no history tells one', async () => {
    const broker = await startBroker();
    const config = parseConfig(`mqtt: {url: "${broker.url}", username: warden, password: canary}`, 'x');
    const world = worldAt(temporaryDirectory());
    await broker.publish('homeassistant/status', 'online', true);
    const examined = await world.examineBroker(config);
    expect(examined.steps.map(({ error }) => error)).toEqual([null, null, null, null, null]);
    expect(examined.homeAssistant).toBe('online');
    expect(broker.trace[0]?.topic).toMatch(/^smbwarden\/doctor[0-9a-f]{16}\/doctor\/[0-9a-f]{16}$/);
    expect(world.password(config)).toEqual({ kind: 'known', source: 'configuration' });
  });

  it('asks the daemon by its socket', async () => {
    const dataDir = temporaryDirectory();
    const path = join(dataDir, 'control.sock');
    expect(await worldAt(dataDir).control()).toEqual({ kind: 'silent', path });
    const daemon = { version: '1.0.0', pid: 1, status: 'idle' };
    const control = await serveControl(path, async () => daemon);
    onTestFinished(() => control.close());
    expect(await worldAt(dataDir).control()).toEqual({ kind: 'answers', path, daemon });
  });

  it('sees its own runtime, and this machine', async () => {
    const world = worldAt(temporaryDirectory());
    expect(world.runtime().node).toBe(process.versions.node);
    expect(world.fileAt('/proc/self/stat')).toMatchObject({ mode: 0o444 });
    expect(world.fileAt('/nowhere/at/all')).toBeNull();
    expect(world.daemons()).not.toContain(process.pid);
    expect((await world.neighbours()).macs).toBeInstanceOf(Map);
    expect(world.network(parseConfig('targets: [127.0.0.0/30]', 'x'))).toMatchObject({ kind: 'known' });
  });

  it('has nothing to tell of IPv6 where it is switched off, or nobody is asked over it', async () => {
    const world = worldAt(temporaryDirectory());
    const coverage = { onLink: [], routed: [], loopback: ['127.0.0.1'], own: [] };
    const nowhere = { devices: [], callable: [], trouble: null };
    expect(await world.ipv6(parseConfig('ipv6: false', 'x'), coverage)).toEqual(nowhere);
    expect(await world.ipv6(DEFAULTS, coverage)).toEqual(nowhere);
  });
});
