import { join } from 'node:path';
import { inject } from 'vitest';
import { buildLab, type Lab } from '../lab/build-lab.ts';
import { castOf } from '../lab/hosts.ts';
import { type Listener, listenTo } from '../lab/listener.ts';
import { Installed } from './installed.ts';
import { Machine } from './machine.ts';
import type { Suite } from './userlands.ts';

/** The LAN that the machines are put in, one after the other. */
export interface Scene {
  readonly lab: Lab;
  /** Hears everything at the broker. */
  readonly listener: Listener;
  close(): Promise<void>;
}

/** A broker, a NAS with findings and one without. */
export async function buildScene(): Promise<Scene> {
  const lab = await buildLab(castOf('broker', 'nas', 'modern'));
  const listener = listenTo(lab);
  await listener.ready();
  const close = async () => {
    listener.stop();
    await lab.close();
  };
  return { lab, listener, close };
}

/** A machine that runs, with both releases downloaded to the folders `today` and `older`, and nothing installed. */
export async function freshMachine(suite: Suite, { lab }: Scene): Promise<Installed> {
  const machine = await Machine.make(suite, lab.agent, join(lab.folder, suite));
  await machine.boot();
  const installed = new Installed(machine);
  for (const [folder, tarball] of Object.entries(inject('releases'))) {
    if (tarball !== null) await installed.download(tarball, folder);
  }
  await machine.write('root/password', `${lab.mosquitto.password}\n`);
  return installed;
}

/** How install.sh is told of the broker. */
export function brokerOptions({ lab }: Scene): string[] {
  const { url, user } = lab.mosquitto;
  return ['--mqtt-url', url, '--mqtt-user', user, '--mqtt-password-file', '/root/password'];
}
