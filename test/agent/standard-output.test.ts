import { execFile } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { standardOutput } from '../../agent/standard-output.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const MODULE = fileURLToPath(new URL('../../agent/standard-output.ts', import.meta.url));
const TEXT = 'ü'.repeat(40_000);

/** As `process.stdout` is where standard output is this file. */
function streamTo(fd: number): NodeJS.WriteStream & { fd: number } {
  return { fd, isTTY: false } as NodeJS.WriteStream & { fd: number };
}

describe('standard output that is a file', () => {
  it('takes the whole text', async () => {
    const file = join(temporaryDirectory(), 'out');
    const fd = openSync(file, 'w');
    const { out, write } = standardOutput(streamTo(fd));
    out(TEXT);
    await write('end');
    closeSync(fd);
    expect(readFileSync(file, 'utf8')).toBe(`${TEXT}end`);
  });

  it('says so when the device is full', async () => {
    const fd = openSync('/dev/full', 'w');
    const { out, write } = standardOutput(streamTo(fd));
    expect(() => out('x')).toThrow('writing to standard output: ENOSPC');
    await expect(write('x')).rejects.toMatchObject({ code: 'ENOSPC' });
    closeSync(fd);
  });
});

describe('standard output that is a pipe', () => {
  it('takes the whole text', async () => {
    const script = `
      const { standardOutput } = await import(${JSON.stringify(MODULE)});
      const { out, write } = standardOutput(process.stdout);
      out('${'x'.repeat(10)}');
      for (let n = 0; n < 20; n += 1) await write('y'.repeat(65_536));`;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    execFile(process.execPath, ['--input-type=module', '-e', script], { maxBuffer: 1e7 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    expect((await promise).length).toBe(10 + 20 * 65_536);
  });
});
