import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import { openStorage } from '../storage/storage.ts';
import type { CommandContext, Output } from './commands/context.ts';
import type { Globals, Terminal } from './commands/invocation.ts';
import { type AddCommand, buildProgram, commandNamed } from './commands/program.ts';
import { addRun } from './commands/run.ts';
import { ConfigError, loadConfig, parseConfig } from './config.ts';
import { databaseFile } from './data-dir.ts';
import type { Configuration } from './doctor/doctor-world.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import { createRuntime } from './runtime.ts';
import { isCronPattern } from './schedule.ts';
import { standardOutput } from './standard-output.ts';
import { createUpkeep } from './upkeep.ts';
import { openVendors } from './vendors.ts';
import { withOwnersWordOn } from './wiring.ts';

const { env, stdout, stderr } = process;
const { version } = packageJson;
const now = Date.now;

/** Where this program is installed or checked out: this file lies one folder below, as source and as bundle. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

function contextOf(globals: Globals, output: Output): CommandContext {
  const load = () => loadConfig({ file: globals.config ?? env.SMBWARDEN_CONFIG ?? null, isCronPattern });
  const configuration = examined(load, globals.evenIfWrong ?? false);
  const { config, file } =
    configuration.kind === 'good' ? configuration : { config: parseConfig('', ''), file: null };
  const dataDir = resolve(globals.dataDir ?? env.SMBWARDEN_DATA_DIR ?? usualDataDir());
  const vendorOf = openVendors(join(ROOT, 'dist', 'vendors.bin'));
  const runtimeWith = (log: Log) =>
    createRuntime({ config, reloadConfig: () => load().config, dataDir, version, vendorOf, log, now });
  const { sweep, check, plan, decide, broker, daemonStatus } = runtimeWith(
    createLog({ level: commandLogLevel(output), format: 'text', fd: 2, env, isTty: output.isTty, now }),
  );
  const daemonLog = () => {
    const level = output.verbose ? 'debug' : config.log.level;
    return createLog({ level, format: config.log.format, fd: 1, env, isTty: output.isTty, now });
  };
  return {
    config,
    configFile: file,
    dataDir,
    version,
    storage: (mode) => {
      const quotaBytes = config.quota * 1e6;
      const storage = openStorage({ file: databaseFile(dataDir), mode, version, now, quotaBytes });
      return withOwnersWordOn(storage, config);
    },
    sweep,
    check,
    plan,
    decide,
    broker,
    daemonStatus,
    doctor: async () => {
      const { createDoctorWorld } = await import('./doctor/world.ts');
      return createDoctorWorld({ configuration, dataDir, version, now, env });
    },
    upkeep: createUpkeep({ dataDir, quotaBytes: config.quota * 1e6, version, now }),
    run: () => runtimeWith(daemonLog()).run(),
    vendorOf,
    output,
    now,
  };
}

/** @throws ConfigError for a wrong configuration, unless `evenIfWrong`. */
function examined(load: () => ReturnType<typeof loadConfig>, evenIfWrong: boolean): Configuration {
  try {
    return { kind: 'good', ...load() };
  } catch (error) {
    if (!evenIfWrong || !(error instanceof ConfigError)) throw error;
    return { kind: 'wrong', message: error.message, mistakes: error.mistakes };
  }
}

function commandLogLevel({ verbose, quiet }: Output): LogLevel {
  if (verbose) return 'debug';
  return quiet ? 'error' : 'warn';
}

/** `data` of the checkout when run from one, else where systemd keeps the state. */
function usualDataDir(): string {
  const isCheckout = ['package.json', 'tsconfig.json'].every((name) => existsSync(join(ROOT, name)));
  return isCheckout ? join(ROOT, 'data') : '/var/lib/smbwarden';
}

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const dialogue = createInterface({ input: process.stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question} [y/N] `)).trim());
  } finally {
    dialogue.close();
  }
}

const terminal: Terminal = {
  ...standardOutput(stdout),
  err: (text) => stderr.write(text),
  isTty: stdout.isTTY,
  errIsTty: stderr.isTTY,
  columns: stdout.columns ?? 80,
  env,
  timeZone: undefined,
  version,
  ...(process.stdin.isTTY && stderr.isTTY ? { confirm } : {}),
};

// `smbwarden hosts | head` closes the pipe early; that is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') stderr.write(`smbwarden: writing to standard output: ${error.message}\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** The daemon lives for months with whatever it has loaded, so it loads no other command. */
async function commandsFor(args: readonly string[]): Promise<readonly AddCommand[]> {
  if (commandNamed(args, terminal) === 'run') return [addRun];
  return (await import('./commands/all.ts')).ALL_COMMANDS;
}

const args = process.argv.slice(2);
process.exitCode = await buildProgram(contextOf, terminal, await commandsFor(args)).run(args);
