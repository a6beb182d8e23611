import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const CHUNK = 64 * 1024;

/** A file system of its own, mounted on a folder of its own. It goes when the test ends. */
export class Disk {
  /** Where data directories may be made. */
  readonly folder: string;
  readonly #ballast: string;
  readonly #source: string;

  private constructor(folder: string, source: string) {
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
    this.#source = source;
  }

  /** In memory, of so many megabytes. */
  static inMemory(megabytes: number): Disk {
    const disk = new Disk(temporaryDirectory(), 'tmpfs');
    mount('-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', disk.folder);
    disk.#goesWithTest();
    return disk;
  }

  /** An ext4 as most machines have it, in a file. */
  static ext4(): Disk {
    const image = join(temporaryDirectory(), 'image');
    execFileSync('truncate', ['--size=32M', image]);
    execFileSync('mkfs.ext4', ['-q', image], { env: PATHS });
    const disk = new Disk(temporaryDirectory(), image);
    mount('-o', 'loop', image, disk.folder);
    disk.#goesWithTest();
    return disk;
  }

  /** Makes a folder on it. */
  directory(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    return path;
  }

  /** Writes until not one more byte fits. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (let size = CHUNK; size >= 1; size = Math.floor(size / 2)) fillBy(file, Buffer.alloc(size, 1));
    } finally {
      closeSync(file);
    }
  }

  /** Takes away what `fill` wrote. */
  makeRoom(): void {
    rmSync(this.#ballast);
  }

  /** As the kernel does it after an error: nothing more is written, whoever has files open. For ext4. */
  fail(): void {
    mount('-o', 'remount,abort', this.folder);
  }

  /** Whether it may be written to. Refused by the kernel while somebody has a file open for writing. */
  remount(how: 'ro' | 'rw'): void {
    mount('-o', `remount,${how}`, this.folder);
  }

  /** As the owner mends it: unmounted, copied to another disk, checked, mounted again. Nobody may use it meanwhile. */
  mend(): void {
    const other = `${this.#source}-other`;
    execFileSync('umount', [this.folder]);
    copyFileSync(this.#source, other);
    try {
      execFileSync('e2fsck', ['-fy', other], { env: PATHS, stdio: 'pipe' });
    } catch (error) {
      // 1: there were errors, and they were corrected.
      if ((error as { status?: number }).status !== 1) throw error;
    }
    mount('-o', 'loop', other, this.folder);
  }

  #goesWithTest(): void {
    onTestFinished(() => {
      execFileSync('umount', ['--lazy', this.folder]);
    });
  }
}

const PATHS = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}

function fillBy(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
