/** The process may open no more files and sockets. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { fault } from './fault.ts';
import { HomeScene } from './home-scene.ts';
import { times } from './length.ts';
import { missedHosts, openServices } from './recorded.ts';

const HOSTS = 24;
const TOLD = /EMFILE|fewer hosts at once|sweep incomplete/;

fault(
  'the descriptors run out while it runs',
  {
    group: 'Process',
    done: 'the limit of open files is set to what is open now and 0, 2, 6, 12 … more, one sweep each, and then lifted',
    holds: 'no service is taken for closed, nobody for absent; the first sweep after it is complete',
    told: TOLD,
  },
  async (notes) => {
    const scene = await HomeScene.set({ hosts: HOSTS });
    const services = openServices(scene);
    const margins = [0, 2, 6, 12, 20, 30, 40].slice(0, times(7, 5));
    let failed = 0;
    for (const margin of margins) {
      limitFiles(scene.daemon.pid, openFiles(scene.daemon.pid) + margin);
      await scene.sweep().catch(() => {
        failed += 1;
      });
      limitFiles(scene.daemon.pid, 1_024);
      expect(openServices(scene), `with ${margin} descriptors to spare`).toBe(services);
      expect(missedHosts(scene)).toBe(0);
    }
    scene.flip(0);
    const { sweep } = await scene.sweep();
    expect(sweep).toMatchObject({ complete: true, hostsUp: HOSTS });
    notes.measured(`${failed} of ${margins.length} sweeps failed, with that reason`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'it starts with 64 descriptors',
  {
    group: 'Process',
    done: `the daemon is started under prlimit --nofile=64 with ${HOSTS} machines to ask, which is about what it needs`,
    holds:
      'no service is taken for closed, nobody for absent; the first sweep after the limit is lifted is complete',
    told: /EMFILE|fewer hosts at once|sweep incomplete|finding changed/,
  },
  async (notes) => {
    const scene = await HomeScene.set({ hosts: HOSTS, wrap: ['prlimit', '--nofile=64:'] });
    const services = openServices(scene);
    scene.flip(0);
    const { sweep } = await scene.sweep();
    expect(openServices(scene)).toBe(services);
    expect(missedHosts(scene)).toBe(0);
    limitFiles(scene.daemon.pid, 1_024);
    expect((await scene.sweep()).sweep).toMatchObject({ complete: true, hostsUp: HOSTS });
    notes.measured(
      `${sweep.hostsUp} of ${HOSTS} machines met, ${sweep.complete ? 'complete' : 'incomplete'}`,
    );
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The soft limit, so that it can be lifted again. */
function limitFiles(pid: number, files: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);
}
