/**
 * The lab's command: `node test/lab/lab.ts up|shell|sweep|test|down|packages|fetch`, as root. A LAN of network namespaces with
 * real servers; no packet leaves it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { buildLab, type Lab } from './build-lab.ts';
import { AGENT, CAST, castOf } from './hosts.ts';
import { deadLabs, demolish } from './leftovers.ts';
import { fetchFromPyPI, labNotRun, missingForLab, missingPackages } from './requirements.ts';

const SMBWARDEN = fileURLToPath(new URL('../../bin/smbwarden', import.meta.url));

const program = new Command('lab').description(
  'a LAN of network namespaces with real Samba, Mosquitto and printers',
);

program
  .command('up')
  .description('build the lab, stay until Ctrl-C, remove it')
  .argument('[host...]', 'only these of the cast (default: all)')
  .action((names: string[]) =>
    withLab(names, async (lab) => {
      const stopped = untilStopped();
      console.log(describe(lab));
      await stopped;
    }),
  );

program
  .command('shell')
  .description('build the lab, open a shell where the daemon would run, remove the lab afterwards')
  .argument('[host...]', 'only these of the cast (default: all)')
  .action((names: string[]) =>
    withLab(names, async (lab) => {
      console.log(describe(lab));
      await inForeground(lab, 'bash', []);
    }),
  );

program
  .command('sweep')
  .description('build the whole lab and run `smbwarden sweep` in it, with the arguments given')
  .argument('[args...]')
  .allowUnknownOption()
  .action((args: string[]) =>
    withLab([], async (lab) => {
      const data = join(lab.folder, 'data');
      process.exitCode = await inForeground(lab, SMBWARDEN, ['--data-dir', data, 'sweep', ...args]);
    }),
  );

program
  .command('test')
  .description('run the tests that need the lab, with the arguments given')
  .argument('[args...]', 'as vitest takes them')
  .allowUnknownOption()
  .action(async (args: string[]) => {
    const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
    const config = fileURLToPath(new URL('../../vitest.lab.config.ts', import.meta.url));
    const runner = spawn(process.execPath, [vitest, 'run', '--config', config, ...args], {
      stdio: 'inherit',
    });
    process.exitCode = await exitStatus(runner);
  });

program
  .command('down')
  .description('remove what labs that were killed have left behind')
  .argument('[lab]', 'this lab, whether or not its builder lives')
  .action(async (labName: string | undefined) => {
    const names = labName === undefined ? deadLabs() : [labName];
    for (const name of names) await demolish(name);
    console.log(names.length === 0 ? 'nothing to remove' : `removed ${names.join(', ')}`);
  });

program
  .command('packages')
  .description('print the Debian packages that the lab needs and does not find here')
  .action(() => {
    for (const name of missingPackages()) console.log(name);
  });

program
  .command('fetch')
  .description('download from PyPI what the lab needs and does not find here (27 kB)')
  .action(fetchFromPyPI);

await program.parseAsync();

async function withLab(names: readonly string[], use: (lab: Lab) => Promise<void>): Promise<void> {
  const missing = await missingForLab();
  if (missing.length > 0) {
    console.error(labNotRun(missing));
    process.exitCode = process.env.CI === 'true' ? 1 : 0;
    return;
  }
  const lab = await buildLab(names.length === 0 ? CAST : castOf(...names));
  try {
    await use(lab);
  } finally {
    await lab.close();
  }
}

/** Waits for Ctrl-C or its like. A lab of machines without servers has nothing else that keeps this process alive. */
async function untilStopped(): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  await Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  clearInterval(alive);
}

/** Runs a command of the agent's at this terminal. Resolves with its exit status. */
function inForeground(lab: Lab, command: string, args: readonly string[]): Promise<number> {
  return exitStatus(lab.agent.spawn(command, args, { stdio: 'inherit' }));
}

/** Waits for a command at this terminal, to which Ctrl-C is left; killed by a signal counts as 1. */
async function exitStatus(command: ChildProcess): Promise<number> {
  const leaveToCommand = () => {};
  process.on('SIGINT', leaveToCommand);
  const [code] = await once(command, 'exit');
  process.off('SIGINT', leaveToCommand);
  return (code as number | null) ?? 1;
}

function describe(lab: Lab): string {
  const rows = [
    { ...AGENT, plays: 'where smbwarden and the judges run' },
    ...lab.hosts.map((host) => host.member),
  ];
  const lines = rows.map(({ name, address, mac, plays }) => {
    return `  ${name.padEnd(15)} ${address.padEnd(11)} ${mac}  ${plays}`;
  });
  return [`${lab.name} is up`, ...lines, '', `  ip netns exec ${lab.agent.namespace} COMMAND`, ''].join('\n');
}
