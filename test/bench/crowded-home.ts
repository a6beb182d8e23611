import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildLab, type Lab } from '../lab/build-lab.ts';
import { type CastMember, castOf } from '../lab/hosts.ts';

/** A /24 of network namespaces that is fuller than most homes: a broker, and so many machines with a real Samba each. */
export async function buildCrowdedHome(sambas: number): Promise<Lab> {
  const [nas] = castOf('nas');
  if (nas === undefined) throw new Error('the lab has no NAS to copy');
  return buildLab([...castOf('broker'), ...Array.from({ length: sambas }, (_, i) => sambaLike(nas, i + 1))]);
}

function sambaLike(nas: CastMember, number: number): CastMember {
  const name = `nas${number}`;
  return {
    ...nas,
    name,
    address: `10.77.0.${100 + number}`,
    mac: `00:11:32:00:01:${number.toString(16).padStart(2, '0')}`,
    ...(nas.samba && {
      samba: { ...nas.samba, options: { ...nas.samba.options, 'netbios name': name.toUpperCase() } },
    }),
  };
}

/** Where the daemon of a measurement keeps its things. */
export interface Place {
  readonly configFile: string;
  readonly dataDir: string;
}

/** Writes a configuration that names the lab's broker, for a daemon that runs as nobody; no sweep is due for a day. */
export async function preparePlace(lab: Lab, name: string): Promise<Place> {
  const folder = join(lab.folder, name);
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { recursive: true });
  for (const each of [lab.folder, folder, dataDir]) await chmod(each, 0o777);
  const { url, user, password } = lab.mosquitto;
  const configFile = join(folder, 'config.yaml');
  const login = `{ url: "${url}", username: ${user}, password: "${password}" }`;
  await writeFile(configFile, `sweepInterval: 1440\nmqtt: ${login}\nlog: { format: json }\n`, {
    mode: 0o644,
  });
  return { configFile, dataDir };
}
