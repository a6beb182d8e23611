/**
 * `node test/ha/ha.ts build|test|smoke`, as root: smbwarden on the real Home Assistant. Nothing leaves the lab's network
 * namespaces while testing; building needs Debian's mirror and PyPI, once.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { missingForLab } from '../lab/requirements.ts';
import { buildEnvironment, builtEnvironment, RELEASES, type Release, releaseOf } from './environment.ts';
import { homeAssistantNotRun } from './missing.ts';
import { type Report, type Tested, writeResults } from './results.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What is worth a minute in CI. */
const SMOKE = ['test/ha/discovery.ha.test.ts', 'test/ha/burst.ha.test.ts'];

const program = new Command('ha').description('smbwarden on the real Home Assistant');

program
  .command('build')
  .description('build the environments that are missing: two to five minutes and 1.5 GB each')
  .option('--release <version>', 'only this release of Home Assistant')
  .action(async ({ release }: { release?: string }) => {
    for (const each of chosen(release)) await build(each);
  });

program
  .command('test', { isDefault: true })
  .description('test each release, one after the other; a whole run is recorded in docs/home-assistant.md')
  .argument('[filter...]', 'only these test files, as vitest takes them')
  .option('--release <version>', 'only this release of Home Assistant')
  .action(async (filters: string[], { release }: { release?: string }) => {
    const missing = await missingForLab();
    if (missing.length > 0) return refuse(missing);
    const tested: Tested[] = [];
    for (const each of chosen(release)) {
      await build(each);
      tested.push({ release: each, report: await testOn(each, filters) });
    }
    const isWhole = filters.length === 0 && release === undefined;
    if (isWhole) await writeResults(tested, new Date().toISOString().slice(0, 10));
  });

program
  .command('smoke')
  .description(
    'a minute with the newest release, where it is built already; elsewhere says so and is content',
  )
  .action(async () => {
    const [newest] = RELEASES as [Release];
    const missing = await missingForLab();
    const notBuilt = `Home Assistant ${newest.homeAssistant} is not built here (npm run test:ha -- build)`;
    if (builtEnvironment(newest) === null) missing.push(notBuilt);
    if (missing.length > 0) console.log(homeAssistantNotRun(missing));
    else await testOn(newest, SMOKE);
  });

await program.parseAsync();

function chosen(version: string | undefined): readonly Release[] {
  return version === undefined ? RELEASES : [releaseOf(version)];
}

function refuse(missing: readonly string[]): void {
  console.error(homeAssistantNotRun(missing));
  process.exitCode = 1;
}

async function build(release: Release): Promise<void> {
  await buildEnvironment(release, (step) => console.log(`building ${step}`));
}

/** Runs the tests with this release at this terminal. Resolves with what vitest reports; a failure sets the exit status. */
async function testOn({ homeAssistant }: Release, filters: readonly string[]): Promise<Report> {
  console.log(`\nHome Assistant ${homeAssistant}`);
  const folder = await mkdtemp(join(tmpdir(), 'smbwarden-ha-'));
  const file = join(folder, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const config = join(ROOT, 'vitest.ha.config.ts');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  try {
    const runner = spawn(process.execPath, [vitest, 'run', '--config', config, ...reporters, ...filters], {
      stdio: 'inherit',
      cwd: ROOT,
      env: { ...process.env, SMBWARDEN_HA_RELEASE: homeAssistant },
    });
    const [code] = await once(runner, 'exit');
    if (code !== 0) process.exitCode = 1;
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
