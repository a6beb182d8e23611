/** An installation at a terminal, and the files in systemd/examples, put where their comments say. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { CastMember } from '../lab/hosts.ts';
import type { Installed } from './installed.ts';
import { buildScene, freshMachine, type Scene } from './scene.ts';

const EXAMPLES = '/opt/smbwarden/current/systemd/examples';

const WINDOWS_95: CastMember = {
  name: 'windows95',
  address: '10.77.0.95',
  mac: '00:20:af:00:00:95',
  plays: 'sends every answer of its name service to port 137',
  scripts: [{ script: 'nbstat.ts', behaviour: 'honest', udp: [137] }],
  expected: {
    ports: { 'tcp/135': 'closed', 'tcp/139': 'closed', 'tcp/445': 'closed', 'udp/137': 'open' },
    netbios: null,
    smb: null,
  },
};

let scene: Scene;
let installed: Installed;

beforeAll(async () => {
  scene = await buildScene();
  await scene.lab.add(WINDOWS_95);
  await scene.lab
    .host('windows95')
    .station.loadRules(
      'windows95',
      'chain answers { type filter hook output priority -300; udp sport 137 udp dport set 137; }',
    );
  installed = await freshMachine('bookworm', scene);
});
afterAll(async () => {
  await installed?.machine.scrap();
  await scene?.close();
});

test('install.sh asks for the broker at a terminal, and does not show the password', async () => {
  const { url, user, password } = scene.lab.mosquitto;
  // Answers come one by one, each to its question, as from a person; script(1) is the terminal.
  const shown = await installed.machine.sh(`
    said=/root/terminal
    : >$said
    answer() { until grep -aq "$1" $said; do sleep 0.1; done; echo "$2"; }
    { answer 'MQTT broker' '${url}'; answer 'User name' '${user}'; answer 'Password' '${password}'; answer 'Go on' y; } |
      timeout 100 script -qfec "sh /root/install.sh --offline $(echo /root/today/*.tar.gz)" $said`);
  expect(shown).toMatch(/MQTT broker, such as .*User name at the broker.*Password: .*Go on\? \[Y\/n\]/s);
  expect(shown).not.toContain(password);
  expect(await installed.machine.run('smbwarden', 'mqtt', 'test')).toMatchObject({ code: 0 });
});

/** The NetBIOS name that the old host tells in a sweep; null: no answer came. */
async function nameOfOldHost(): Promise<string | null> {
  const { hosts } = await installed.json<{
    hosts: { addresses: string[]; netbios: { name: string } | null }[];
  }>('sweep');
  return hosts.find(({ addresses }) => addresses.includes('10.77.0.95'))?.netbios?.name ?? null;
}

test('udp-137-replies.conf lets the daemon hear hosts that answer to port 137 only', async () => {
  expect(await nameOfOldHost()).toBeNull();
  await installed.machine.sh(`
    mkdir /etc/systemd/system/smbwarden.service.d
    cp ${EXAMPLES}/udp-137-replies.conf /etc/systemd/system/smbwarden.service.d/
    systemctl daemon-reload
    systemctl restart smbwarden`);
  await vi.waitFor(async () => expect(await nameOfOldHost()).toBe('BRN0080774A5B6C'), { timeout: 60_000 });
});

test('udp-137-replies.conf costs no point of the score, and is gone with the service', async () => {
  const text = await installed.machine.out('systemd-analyze', 'security', '--no-pager', 'smbwarden');
  expect(Number(/Overall exposure level for smbwarden.service: ([\d.]+)/.exec(text)?.[1])).toBeLessThan(1.5);
  await installed.machine.sh('systemctl stop smbwarden');
  expect(await installed.machine.out('/usr/sbin/nft', 'list', 'tables')).toBe('');
});

test('90-smbwarden-neighbours.conf names limits that the kernel has', async () => {
  const file = new URL('../../systemd/examples/90-smbwarden-neighbours.conf', import.meta.url);
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
  const limits = lines.map((line) => line.split(' = '));
  expect(limits.map(([key]) => key)).toEqual(
    [1, 2, 3].map((number) => `net.ipv4.neigh.default.gc_thresh${number}`),
  );
  // They belong to the first network namespace and are read there; nothing is set here.
  for (const [key = ''] of limits) await readFile(`/proc/sys/${key.replaceAll('.', '/')}`);
});
