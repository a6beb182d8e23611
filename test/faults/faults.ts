/**
 * `node test/faults/faults.ts [filter...]`, as root: everything that may go wrong around the daemon, done to the real one.
 * Packets stay on loopback and in network namespaces of its own. SMBWARDEN_FAULTS=full: at full length, and when it was
 * the whole suite, recorded in docs/reliability.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IS_FULL } from './length.ts';
import { type Report, writeTable } from './table.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const filters = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'smbwarden-faults-'));
try {
  const file = join(folder, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const config = join(ROOT, 'vitest.faults.config.ts');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const runner = spawn(process.execPath, [vitest, 'run', '--config', config, ...reporters, ...filters], {
    stdio: 'inherit',
    cwd: ROOT,
  });
  const [code] = await once(runner, 'exit');
  if (code !== 0) process.exitCode = 1;
  if (IS_FULL && filters.length === 0)
    await writeTable(
      JSON.parse(await readFile(file, 'utf8')) as Report,
      new Date().toISOString().slice(0, 10),
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}
