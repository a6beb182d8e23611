import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Debian keeps it in a folder named after the architecture. */
const LIBRARIES = '/usr/lib';
const LIBFAKETIME = 'faketime/libfaketimeMT.so.1';

/**
 * The wall clock of a process, which a test sets while the process runs (libfaketime, https://github.com/wolfcw/libfaketime).
 * The clock that measures how much time has passed is left alone, as it is when somebody sets a real clock.
 */
export class FakeClock {
  readonly #file = join(temporaryDirectory(), 'offset');
  #offsetSeconds = 0;

  /** `at`: what it shows at first, milliseconds UTC; missing: what is right. */
  constructor(at = Date.now()) {
    this.set(at);
  }

  /** For the process. A time zone goes beside it. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: libfaketime(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** What it shows now, milliseconds UTC. */
  now(): number {
    return Date.now() + this.#offsetSeconds * 1_000;
  }

  /** From now on it shows `at` (milliseconds UTC), and goes on from there. */
  set(at: number): void {
    this.#offsetSeconds = Math.round((at - Date.now()) / 1_000);
    // The process must never read half of it.
    const next = `${this.#file}.next`;
    writeFileSync(next, `${this.#offsetSeconds < 0 ? '' : '+'}${this.#offsetSeconds}\n`);
    renameSync(next, this.#file);
  }

  jump(milliseconds: number): void {
    this.set(this.now() + milliseconds);
  }
}

/** @throws Error that names the package when it is not installed. */
function libfaketime(): string {
  const found = readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, LIBFAKETIME))
    .find(existsSync);
  if (found === undefined) throw new Error(`${LIBFAKETIME} is missing: apt-get install faketime`);
  return found;
}
