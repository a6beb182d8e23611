import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Connection } from './database.ts';

/** Where the open file lies, and whether it still does. */
export interface Place {
  /** False: it was deleted or moved while it was in use, so that what is written to it is lost when it is closed. */
  isKept(): boolean;
  /**
   * Puts a whole copy of it back where it was, and makes its directory if that is gone, too; the file has to be opened
   * anew afterwards. `exchanged`: somebody has put another file there, which is left alone.
   * @throws StorageError when that cannot be done now.
   */
  putBack(): 'put-back' | 'exchanged';
}

/** Where `file`, which was just opened, lies. */
export function placeOf({ db, attempt }: Connection, file: string): Place {
  const opened = fingerprintOf(file);
  return {
    isKept: () => fingerprintOf(file) === opened,
    putBack: () =>
      attempt('put the history back, which was deleted or moved while it was in use', () => {
        if (existsSync(file)) return 'exchanged';
        // Only the last part of the path: a disk that is not mounted is not replaced by a tree.
        if (!existsSync(dirname(file))) mkdirSync(dirname(file), { mode: 0o750 });
        const copy = `${file}.restoring`;
        rmSync(copy, { force: true });
        db.prepare('VACUUM INTO ?').run(copy);
        chmodSync(copy, 0o640);
        renameSync(copy, file);
        return 'put-back';
      }),
  };
}

/** Device and number of the file; null: there is none, or it is in memory. */
function fingerprintOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev} ${stat.ino}`;
}
