import type { Lab } from '../lab/build-lab.ts';

/** What happens on the LAN, and what the owner says, while the daemon sweeps; each thing is later turned back. */
export interface Alteration {
  readonly what: string;
  /** One of the next sweeps must record a change of this host; null: the daemon obeys, or comes back, or it has failed. */
  readonly changes: AlteredHost | null;
  /** It is turned back as soon as it can have been seen, for it makes each sweep slow. */
  readonly isBrief?: true;
  there(world: AlteredWorld): Promise<void>;
  back(world: AlteredWorld): Promise<void>;
}

export interface AlteredWorld {
  readonly lab: Lab;
  /** Gives a command by MQTT, as Home Assistant would. @throws Error when the daemon refuses it or does not answer. */
  command(name: string, payload: string): Promise<void>;
  /** Gives `smbwarden forget`. @throws Error when it fails. */
  forget(name: AlteredHost): Promise<void>;
  /** By name in the lab. */
  hostId(name: AlteredHost): string;
  /** Of findings that the host has and that are acknowledged. */
  acknowledged(hostId: string): Promise<readonly string[]>;
  /** Resolves when the daemon is connected to the broker again, and Home Assistant has said that it is there. */
  reconnected(): Promise<void>;
}

/** Hosts that every cast of the soak must have. */
export const ALTERED_HOSTS = ['nas', 'legacy', 'modern', 'signed'] as const;
export type AlteredHost = (typeof ALTERED_HOSTS)[number];

/** In this order, again and again. Some lie on each other, as when the owner ignores a host that changes. */
export const ALTERATIONS: readonly Alteration[] = [
  samba('a NAS requires signing', 'nas', { 'server signing': 'mandatory' }, { 'server signing': null }),
  {
    what: 'a host is switched off',
    changes: 'signed',
    isBrief: true,
    there: ({ lab }) => lab.host('signed').switchOff(),
    back: ({ lab }) => lab.host('signed').switchOn(),
  },
  {
    what: 'the owner acknowledges the findings of a host',
    changes: null,
    there: async (world) => world.command(`host/${world.hostId('legacy')}/ack`, '{"note":"soak"}'),
    back: async (world) => {
      const findings = await world.acknowledged(world.hostId('legacy'));
      for (const id of findings) await world.command(`finding/${id}/unack`, '{}');
    },
  },
  samba('a NAS closes TCP 139', 'legacy', { 'smb ports': '445' }, { 'smb ports': null }),
  {
    what: 'the owner ignores a host',
    changes: null,
    there: async (world) => world.command(`host/${world.hostId('nas')}/ignore/set`, 'ON'),
    back: async (world) => world.command(`host/${world.hostId('nas')}/ignore/set`, 'OFF'),
  },
  {
    what: 'the broker is killed, and another time loses all that it held',
    changes: null,
    there: async (world) => {
      await world.lab.mosquitto.kill();
      await world.lab.mosquitto.start();
      await world.reconnected();
    },
    back: async (world) => {
      await world.lab.mosquitto.kill();
      await world.lab.mosquitto.forget();
      await world.lab.mosquitto.start();
      await world.reconnected();
    },
  },
  samba(
    'a server opens TCP 139',
    'modern',
    { 'smb ports': '445 139', 'disable netbios': 'no' },
    {
      'smb ports': '445',
      'disable netbios': 'yes',
    },
  ),
  {
    what: 'a NAS tells its names no more',
    changes: 'nas',
    there: ({ lab }) => lab.samba('nas').nmbd.stop(),
    back: ({ lab }) => lab.samba('nas').nmbd.start(),
  },
  {
    what: 'the owner wants alerts from high on',
    changes: null,
    there: (world) => world.command('alert_threshold/set', 'high'),
    back: (world) => world.command('alert_threshold/set', 'medium'),
  },
  {
    what: 'the owner forgets a host, which is met anew',
    changes: 'modern',
    there: (world) => world.forget('modern'),
    back: (world) => world.forget('modern'),
  },
];

type Options = Readonly<Record<string, string | null>>;

function samba(what: string, host: AlteredHost, there: Options, back: Options): Alteration {
  return {
    what,
    changes: host,
    there: ({ lab }) => lab.samba(host).restartWith(there),
    back: ({ lab }) => lab.samba(host).restartWith(back),
  };
}
