/** The address of this very machine: another one by DHCP, another subnet, none in the subnet that is to be swept. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { fault } from './fault.ts';
import { LabScene } from './lab-scene.ts';
import { expectAllBack } from './network-back.ts';
import { missedHosts, recorded } from './recorded.ts';

const OUR_ADDRESS = '10.77.0.2/24 brd + dev eth0';
const HOSTS = 'SELECT count(*) FROM hosts';

fault(
  'the subnet that the owner named is suddenly gone',
  {
    group: 'Network',
    done: 'with 10.77.0.0/24 in the configuration, the address in it is removed for four sweeps, with a router elsewhere',
    holds: 'what the router lets pass in silence makes nobody absent',
    told: /the subnet of known hosts is not attached/,
  },
  async (notes) => {
    const scene = await LabScene.set({ config: ['targets: [10.77.0.5, 10.77.0.20-10.77.0.40]'] });
    await scene.ip('address flush dev eth0', 'address add 192.168.99.2/24 dev eth0');
    await scene.ip('route add default via 192.168.99.1 dev eth0');
    for (let n = 0; n < 4; n += 1) await scene.sweep();
    expect(missedHosts(scene)).toBe(0);
    await scene.ip('address flush dev eth0', `address add ${OUR_ADDRESS}`);
    await expectAllBack(scene);
    notes.measured('4 sweeps through a router that answers nothing');
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'a new address by DHCP in the middle of a sweep, and another subnet',
  {
    group: 'Network',
    done: 'the machine turns from 10.77.0.2 into 10.77.0.77 in mid-sweep, moves to 192.168.99.0/24, and comes back',
    holds: 'no host is invented or missed, and this machine stays one host',
    told: /a subnet of the last sweep is not attached any more/,
  },
  async (notes) => {
    const scene = await LabScene.set();
    const hosts = recorded(scene, HOSTS);
    const sweeping = scene.sweep();
    await sleep(1_000);
    await scene.lab.agent.moveTo('10.77.0.77');
    await sweeping;
    await scene.sweep();
    await scene.ip('address flush dev eth0', 'address add 192.168.99.2/24 brd + dev eth0');
    await scene.sweep();
    await scene.sweep();
    await scene.ip('address flush dev eth0', `address add ${OUR_ADDRESS}`);
    await expectAllBack(scene);
    expect(recorded(scene, HOSTS)).toBe(hosts);
    expect(recorded(scene, 'SELECT count(*) FROM hosts WHERE is_agent = 1')).toBe(1);
    notes.measured(`${hosts} hosts before and after`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);
