import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { backUpDatabase, checkDatabase, restoreDatabase } from '../storage/maintenance.ts';
import { openStorage } from '../storage/storage.ts';
import type { Upkeep } from './commands/context.ts';
import { askControl, ControlTaken, controlPath, serveControl } from './control.ts';
import { databaseFile, makeDataDir } from './data-dir.ts';

export interface UpkeepOptions {
  readonly dataDir: string;
  readonly quotaBytes: number;
  readonly version: string;
  readonly now: () => number;
}

/** What `db` does. What only reads is done here; what writes, by whoever owns the control socket. */
export function createUpkeep({ dataDir, quotaBytes, version, now }: UpkeepOptions): Upkeep {
  const place = { file: databaseFile(dataDir), version, now };
  return {
    backUp: (target, overwrite) => {
      const file = resolve(target);
      return { file, size: backUpDatabase(place, file, overwrite).bytes };
    },
    check: () => checkDatabase(place),
    restore: async (backup) => {
      const from = resolve(backup);
      makeDataDir(dataDir);
      const done = await alone(dataDir, 'restore the history', () => restoreDatabase(place, from));
      return { from, recordedUntil: done.recordedUntil, keptAs: done.keptAs };
    },
    async vacuum() {
      if (!existsSync(place.file)) throw new Error(`vacuum the history: ${place.file}: there is none yet`);
      const answer = await askControl(controlPath(dataDir), { command: 'vacuum', args: null });
      if (answer !== null) return answer.result as { before: number; after: number };
      return alone(dataDir, 'vacuum the history', () => {
        const storage = openStorage({ ...place, mode: 'read-write', quotaBytes });
        try {
          return storage.vacuum();
        } finally {
          storage.close();
        }
      });
    },
  };
}

/** Works with the control socket in hand, so that no daemon and no sweep begins meanwhile. @throws ControlTaken */
async function alone<T>(dataDir: string, what: string, work: () => T): Promise<T> {
  const path = controlPath(dataDir);
  // The directory of the system service is there only while it runs.
  if (!existsSync(dirname(path))) return work();
  const busy = async (): Promise<never> => {
    throw new ControlTaken(`"${what}" is under way; try again when it is done`);
  };
  const control = await serveControl(path, busy).catch((error: unknown) => {
    if (!(error instanceof ControlTaken)) throw error;
    throw new ControlTaken(`${what}: the daemon uses it. Stop it first (systemctl stop smbwarden)`);
  });
  try {
    return work();
  } finally {
    await control.close();
  }
}
