import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Daemon } from './daemon.ts';
import type { Station } from './lan.ts';
import type { Server } from './servers.ts';

/**
 * SMB servers that are not Samba, written in Python by others, so that nothing here is tuned to one family. Each shares a
 * folder as DATA with everybody.
 */
export type PythonServerSettings =
  | {
      /** https://github.com/fortra/impacket, as Debian packages it. */
      readonly software: 'impacket';
      /** What it tells of itself over SMB 2. */
      readonly serverName: string;
      /** SMB 2 beside the SMB 1 that it always speaks? */
      readonly smb2: boolean;
      /** 445, and 139 for SMB over NetBIOS sessions. */
      readonly tcp: readonly number[];
    }
  | {
      /** https://pypi.org/project/quicksand-smb, which speaks SMB 2 and 3. */
      readonly software: 'quicksand';
      readonly tcp: readonly [number];
    };

/** Debian's own, which sees Debian's modules; a newer one may come earlier in the PATH. */
export const PYTHON = '/usr/bin/python3';

/** The package of quicksand-smb as `lab fetch` keeps it, to be imported as it is. */
export const QUICKSAND_WHEEL = fileURLToPath(
  new URL('../../node_modules/.cache/lab/quicksand_smb-0.5.3-py3-none-any.whl', import.meta.url),
);

/** `folder` does not exist yet. Its servers run as nobody. */
export function pythonServer(station: Station, folder: string, settings: PythonServerSettings): Server {
  const daemon = new Daemon(station, () => ({
    command: PYTHON,
    args: [scriptOf(settings.software), ...argumentsOf(settings, folder)],
    tcp: settings.tcp,
    udp: [],
    log: join(folder, 'server.out'),
  }));
  return {
    start: async () => {
      await mkdir(join(folder, 'share'), { recursive: true });
      // The work tree may be closed to nobody; the lab's folder is not.
      if (settings.software === 'quicksand') await copyFile(QUICKSAND_WHEEL, join(folder, 'quicksand.whl'));
      await daemon.start();
    },
    stop: () => daemon.stop(),
  };
}

function scriptOf(software: PythonServerSettings['software']): string {
  return fileURLToPath(new URL(`servers/${software}-server.py`, import.meta.url));
}

function argumentsOf(settings: PythonServerSettings, folder: string): string[] {
  const share = join(folder, 'share');
  const ports = settings.tcp.map(String);
  if (settings.software === 'quicksand') return [join(folder, 'quicksand.whl'), share, ...ports];
  return [settings.serverName, settings.smb2 ? 'smb2' : 'smb1', share, ...ports];
}
