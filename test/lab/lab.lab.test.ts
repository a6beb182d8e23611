/** The lab proves itself: tools that others wrote find what the cast says, and nothing stays behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildLab, type Lab } from './build-lab.ts';
import { CAST, castOf, type Expected } from './hosts.ts';
import { anonymousShares, connect, nbtscan, nmapPorts } from './judges.ts';
import { deadLabs, labFolder, namespacesOf } from './leftovers.ts';
import { nmapSmb } from './nmap.ts';

const LAB = fileURLToPath(new URL('lab.ts', import.meta.url));

describe('the whole cast', () => {
  let lab: Lab;
  let buildMs: number;

  beforeAll(async () => {
    const startedAt = performance.now();
    lab = await buildLab(CAST);
    buildMs = performance.now() - startedAt;
  });
  afterAll(() => lab?.close());

  test('is up within ten seconds', () => {
    expect(buildMs).toBeLessThan(10_000);
  });

  test('shows nmap the MAC and the port states of the table', async () => {
    const seen = await nmapPorts(lab.agent, ['10.77.0.3-254']);
    expect(byAddress(seen)).toEqual(
      byAddress(
        CAST.map(({ name, address, mac, expected }) => ({
          address,
          mac,
          // nmap does not compare transaction ids: it believes the impostor.
          ports: name === 'impostor' ? { ...expected.ports, 'udp/137': 'open' } : expected.ports,
        })),
      ),
    );
  });

  test("speaks the dialects of the table, with its signing, according to nmap's scripts", async () => {
    const speakers = CAST.filter(({ expected }) => expected.smb !== null);
    const seen = await nmapSmb(
      lab.agent,
      speakers.map(({ address }) => address),
    );
    const told = seen.map(({ address, dialects, signing, netbiosNames }) => {
      return { address, dialects, signing, netbiosNames };
    });
    expect(byAddress(told)).toEqual(
      byAddress(
        speakers.map(({ address, expected }) => ({
          address,
          dialects: expected.smb?.dialects,
          signing: expected.smb?.signing,
          netbiosNames: expected.netbios?.names ?? null,
        })),
      ),
    );
  });

  test('has the NetBIOS names of the table according to nbtscan', async () => {
    const seen = await nbtscan(lab.agent, '10.77.0.3-49');
    expect(byAddress(seen)).toEqual(
      byAddress(
        ordinary(({ netbios }) => netbios !== null).map(({ address, expected: { netbios } }) => ({
          address,
          names: netbios?.names,
          mac: netbios?.unitId ?? '00:00:00:00:00:00',
        })),
      ),
    );
  });

  test('tells an anonymous smbclient the shares of the table, and no others', async () => {
    const speakers = CAST.filter(
      ({ expected }) => expected.smb !== null && expected.ports['tcp/445'] === 'open',
    );
    const seen = await Promise.all(
      speakers.map(({ address, expected }) => {
        const oldest = expected.smb?.smb1 === 'yes' ? 'NT1' : 'SMB2_02';
        return anonymousShares(lab.agent, address, oldest);
      }),
    );
    expect(speakers.map(({ name }, i) => [name, seen[i]])).toEqual(
      speakers.map(({ name, expected }) => [name, expected.smb?.anonymousShares]),
    );
  });

  test('rejects a connection within milliseconds, and drops one for good', async () => {
    // The kernel sends one ICMP refusal a second to each asker; earlier tests may have used them up.
    await delay(1_500);
    const rejected = await connect(lab.agent, lab.host('rejecting').address, 445);
    expect(rejected.outcome).toBe('EHOSTUNREACH');
    expect(rejected.durationMs).toBeLessThan(500);
    expect((await connect(lab.agent, lab.host('firewalled').address, 445)).outcome).toBe('timeout');
    expect((await connect(lab.agent, lab.host('bare').address, 445)).outcome).toBe('ECONNREFUSED');
  });

  test('has hostile hosts that keep their word', async () => {
    const heard = async (name: string, ms: number) => {
      const script = `
        let bytes = 0, first = '';
        const tell = (end) => { console.log(JSON.stringify({ end, bytes, first })); process.exit(); };
        const socket = require('node:net').connect(445, '${lab.host(name).address}');
        socket.on('data', (piece) => { bytes += piece.length; first = (first + piece.toString('hex')).slice(0, 8); });
        socket.on('end', () => tell('closed'));
        setTimeout(() => tell('open'), ${ms});`;
      return JSON.parse((await lab.agent.run(process.execPath, ['-e', script])).stdout);
    };
    expect(await heard('tarpit', 1_500)).toEqual({ end: 'open', bytes: 0, first: '' });
    expect(await heard('drip', 2_500)).toMatchObject({ end: 'open', bytes: 2, first: '0000' });
    expect(await heard('garbage', 500)).toMatchObject({ end: 'open', bytes: 512 });
    expect(await heard('huge', 2_000)).toEqual({ end: 'open', bytes: 4 + 0xffffff, first: '00ffffff' });
    expect(await heard('hang-up', 500)).toEqual({ end: 'closed', bytes: 0, first: '' });
  });

  test('has an endpoint mapper that answers rpcclient', async () => {
    const binding = `ncacn_ip_tcp:${lab.host('mapper').address}`;
    const { code, stdout } = await lab.agent.run('rpcclient', ['-U%', binding, '-c', 'epmmap']);
    expect(code).toBe(0);
    expect(stdout).toContain('num_tower');
  });

  test('has printers that nobody has touched so far, and that record who does', async () => {
    for (const printer of lab.printers) {
      expect(await printer.received()).toEqual({ connections: 0, bytes: 0 });
      expect(await printer.knocks()).toBe(0);
    }
    const { address } = lab.host('printer');
    await lab.agent.run(process.execPath, [
      '-e',
      `require('node:net').connect(9100, '${address}').end('PAGE')`,
    ]);
    expect(await lab.printer('printer').received()).toEqual({ connections: 1, bytes: 4 });
    expect(await lab.printer('printer').knocks()).toBeGreaterThan(0);
  });

  test('has a broker that takes the password only, and remembers across a power cut', async () => {
    const { mosquitto, agent } = lab;
    const host = ['-h', mosquitto.station.address];
    const login = [...host, '-u', mosquitto.user, '-P', mosquitto.password];
    const message = ['-t', 'lab/test', '-q', '1', '-r', '-m', 'kept'];
    expect((await agent.run('mosquitto_pub', [...host, ...message])).code).not.toBe(0);
    expect((await agent.run('mosquitto_pub', [...login, ...message])).code).toBe(0);
    await delay(1_500); // Mosquitto saves a second after a change.
    await mosquitto.kill();
    expect((await agent.run('mosquitto_pub', [...login, ...message])).code).not.toBe(0);
    await mosquitto.start();
    const heard = await agent.run('mosquitto_sub', [...login, '-t', 'lab/test', '-C', '1', '-W', '5']);
    expect(heard.stdout).toBe('kept\n');
  });

  test('reaches nothing but itself', async () => {
    const { stdout } = await lab.agent.run('ip', ['-o', 'route']);
    expect(stdout.trim()).toMatch(/^10\.77\.0\.0\/24 dev eth0 [^\n]*$/);
  });
});

describe('a host of the lab', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await buildLab(castOf('nas', 'bare'));
  });
  afterAll(() => lab?.close());

  test('has other dialects after a restart with other options', async () => {
    const dialects = async () => (await nmapSmb(lab.agent, [lab.host('nas').address]))[0]?.dialects;
    await lab.samba('nas').restartWith({ 'server min protocol': 'NT1' });
    expect(await dialects()).toContain('NT LM 0.12');
    await lab.samba('nas').restartWith({ 'server min protocol': null });
    expect(await dialects()).not.toContain('NT LM 0.12');
  });

  test('loses its name service when nmbd stops, and gets it back', async () => {
    const names = async () => (await nbtscan(lab.agent, lab.host('nas').address)).length;
    await lab.samba('nas').nmbd.stop();
    expect(await names()).toBe(0);
    await lab.samba('nas').nmbd.start();
    expect(await names()).toBe(1);
  });

  test('answers at its new address after a move, and no longer at the old one', async () => {
    const nas = lab.host('nas');
    const before = nas.address;
    await nas.moveTo('10.77.0.99');
    const seen = await nmapPorts(lab.agent, [before, '10.77.0.99']);
    expect(seen).toMatchObject([
      { address: '10.77.0.99', mac: nas.member.mac, ports: { 'tcp/445': 'open' } },
    ]);
    await nas.moveTo(before);
  });

  test('is gone while it is switched off', async () => {
    const nas = lab.host('nas');
    await nas.switchOff();
    expect(await nmapPorts(lab.agent, [nas.address])).toEqual([]);
    await nas.switchOn();
    expect(await nmapPorts(lab.agent, [nas.address])).toHaveLength(1);
  });

  test('hides behind a firewall that is put up later', async () => {
    const { station, address } = lab.host('nas');
    await station.setFirewall('drop');
    expect((await connect(lab.agent, address, 445, 500)).outcome).toBe('timeout');
    await station.setFirewall(null);
    expect((await connect(lab.agent, address, 445)).outcome).toBe('connected');
  });

  test('can be added and removed while the lab runs', async () => {
    await lab.add(...castOf('printer'));
    expect((await connect(lab.agent, '10.77.0.40', 9100)).outcome).toBe('connected');
    await lab.remove('printer');
    expect(await nmapPorts(lab.agent, ['10.77.0.40'])).toEqual([]);
  });

  test('runs commands without privileges when asked to', async () => {
    expect((await lab.agent.run('id', ['-u'], { as: 'nobody' })).stdout.trim()).toBe('65534');
  });
});

describe('the end of a lab', () => {
  test('leaves no namespace, interface, process or folder behind', async () => {
    const interfaces = Object.keys(networkInterfaces());
    const lab = await buildLab(castOf('nas', 'printer', 'broker', 'firewalled', 'mapper'));
    expect(tracesOf(lab.name)).not.toEqual([]);
    await anonymousShares(lab.agent, lab.host('nas').address); // Samba starts helpers that become daemons.
    await lab.close();
    expect(tracesOf(lab.name)).toEqual([]);
    expect(Object.keys(networkInterfaces())).toEqual(interfaces);
  });

  test('comes in order with Ctrl-C', async () => {
    const { command, labName } = await startLab();
    command.kill('SIGINT');
    expect(await once(command, 'exit')).toEqual([0, null]);
    expect(tracesOf(labName)).toEqual([]);
  });

  test('comes by itself when its builder is killed', async () => {
    const { command, labName } = await startLab();
    command.kill('SIGKILL');
    await expect.poll(() => tracesOf(labName), { timeout: 15_000, interval: 200 }).toEqual([]);
  });

  test('is not brought about by another lab that is built or closed meanwhile', async () => {
    const { command, labName } = await startLab();
    expect(deadLabs()).not.toContain(labName);
    await (await buildLab(castOf('bare'))).close();
    expect(namespacesOf(labName)).toHaveLength(3);
    command.kill('SIGTERM');
    await once(command, 'exit');
  });
});

/** Starts the lab's command with one host, and waits until the lab is up. */
async function startLab() {
  const command = spawn(process.execPath, [LAB, 'up', 'nas'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(command.stdout)) {
    const labName = /^(smbw-\S+) is up/.exec(line)?.[1];
    if (labName !== undefined) return { command, labName };
  }
  throw new Error('the lab did not come up');
}

/** Whatever on this machine carries the lab's name: namespaces, the folder, processes. */
function tracesOf(labName: string): string[] {
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => commandLine(pid).includes(labName))
    .map((pid) => `process ${pid}: ${commandLine(pid)}`);
  const folder = existsSync(labFolder(labName)) ? [labFolder(labName)] : [];
  return [...namespacesOf(labName), ...folder, ...processes];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function ordinary(wanted: (expected: Expected) => boolean) {
  return CAST.filter(({ address, expected }) => Number(address.split('.')[3]) < 50 && wanted(expected));
}

function byAddress<T extends { readonly address: string }>(entries: readonly T[]): Record<string, T> {
  return Object.fromEntries(entries.map((entry) => [entry.address, entry]));
}
