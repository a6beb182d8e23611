/**
 * `npm run demo`: a simulated home network on loopback, the real program, and an embedded broker. A first sweep, a NAS
 * that gets worse, a second sweep that finds it, and the alert as Home Assistant receives it. Nothing leaves this
 * machine, and nothing stays behind but the report: the history lives in a temporary directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { type DemoBroker, type Received, startBroker } from './broker.ts';
import { type SimulatedHome, startHome } from './home.ts';

const SMBWARDEN = fileURLToPath(new URL('../../bin/smbwarden', import.meta.url));
/** Where the demo is started; a later run replaces it. */
const REPORT = 'smbwarden-demo-report.html';
/** By Ctrl-C, as shells count it. */
const INTERRUPTED = 130;

/** Everything that has to be taken away again. */
interface Stage {
  readonly home: SimulatedHome;
  readonly broker: DemoBroker;
  readonly folder: string;
}

const bold = (text: string): string => styleText('bold', text);
const dim = (text: string): string => styleText('dim', text);
const say = (...lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

async function setTheStage(): Promise<Stage> {
  const [home, broker] = await Promise.all([startHome(), startBroker()]);
  const folder = await mkdtemp(join(tmpdir(), 'smbwarden-demo-'));
  await writeFile(join(folder, 'config.yaml'), configFor(home, broker));
  return { home, broker, folder };
}

function configFor({ target, ports }: SimulatedHome, { url }: DemoBroker): string {
  return [
    `targets: [${target}]`,
    'pace: fast',
    'ports:',
    '  map:',
    `    smb: ${ports.smb}`,
    `    netbios-session: ${ports.session}`,
    `    netbios-name-service: ${ports.nameService}`,
    `    rpc-endpoint-mapper: ${ports.endpointMapper}`,
    'mqtt:',
    `  url: ${url}`,
    '  protocolVersion: 4',
    '',
  ].join('\n');
}

async function clearTheStage({ home, broker, folder }: Stage): Promise<void> {
  await Promise.all([home.close(), broker.close()]);
  await rm(folder, { recursive: true, force: true });
}

/** Runs the program as its owner would, on this terminal. @throws Error when it fails. */
async function smbwarden({ folder }: Stage, running: Set<ChildProcess>, ...args: string[]): Promise<void> {
  say('', `  ${dim('$')} ${bold(`smbwarden ${args.join(' ')}`)}`, '');
  const env = {
    ...process.env,
    SMBWARDEN_CONFIG: join(folder, 'config.yaml'),
    SMBWARDEN_DATA_DIR: join(folder, 'data'),
  };
  const child = spawn(SMBWARDEN, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  running.add(child);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  running.delete(child);
  if (status !== 0) throw new Error(`smbwarden ${args.join(' ')} ended with status ${status}`);
}

async function tellTheStory(stage: Stage, running: Set<ChildProcess>): Promise<void> {
  const { home, broker } = stage;
  introduce(home);
  await smbwarden(stage, running, 'sweep');

  say(
    '',
    bold('2. One night the NAS installs an update'),
    '   It switches SMB 1 back on, "for compatibility". Nobody is told, and every share works as before. smbwarden asks',
    '   again once a day, or when you tell it to. What could be a mistake it looks at twice, five seconds apart.',
  );
  home.nas.behave({ smb1: 'selected' });
  await smbwarden(stage, running, 'check', 'NAS');

  const alert = alertAmong(broker.received);
  showAlert(alert, broker);
  say('', bold('4. Since when, and what now?'));
  await smbwarden(stage, running, 'history', '--host', 'NAS', '--limit', '4');
  await smbwarden(stage, running, 'finding', alert.findingId);
  say('', bold('5. All of it on one page, to keep or to print'));
  await smbwarden(stage, running, 'report', '--output', REPORT);
  conclude(home);
}

function introduce({ machines, target }: SimulatedHome): void {
  say(
    bold('smbwarden demo'),
    `A home network of ${machines.length} machines, simulated on ${target} of this machine. No packet leaves it.`,
    '',
    ...machines.map(
      ({ name, address, about }) => `   ${address.padEnd(12)} ${name.padEnd(16)} ${dim(about)}`,
    ),
    '',
    bold('1. The first sweep: what is there, and how well is it kept?'),
  );
}

interface Alert extends Received {
  readonly findingId: string;
}

function alertAmong(received: readonly Received[]): Alert {
  for (const message of received.filter(({ topic }) => topic.endsWith('/event'))) {
    const event = JSON.parse(message.payload) as { event_type: string; rule: string; finding_id: string };
    if (event.event_type === 'finding_opened' && event.rule === 'smb1-enabled')
      return { ...message, findingId: event.finding_id };
  }
  throw new Error('no alert about SMB 1 has reached the broker');
}

function showAlert({ topic, payload }: Alert, { received }: DemoBroker): void {
  const devices = received.filter((message) => message.topic.endsWith('/config')).map(deviceName);
  say(
    '',
    bold('3. At the same moment, in Home Assistant'),
    `   It has met ${new Set(devices).size} devices by discovery: ${[...new Set(devices)].sort().join(', ')}.`,
    '   This message sets off your automation:',
    '',
    `   ${bold(topic)}`,
    ...JSON.stringify(JSON.parse(payload), null, 2)
      .split('\n')
      .map((line) => `   ${line}`),
  );
}

function deviceName({ payload }: Received): string {
  return (JSON.parse(payload) as { device: { name: string } }).device.name;
}

function conclude(home: SimulatedHome): void {
  const connections = home.printerConnections();
  const printer = `   Connections to the printer's port 9100 in all this: ${connections}.`;
  say(
    '',
    ...(connections === null ? [] : [printer]),
    `   The report loads nothing and runs nothing: open ${bold(REPORT)} in a browser.`,
    `   Now your own network, one sweep and one report: ${bold('npm start')}`,
    '',
  );
}

async function main(): Promise<number> {
  const stage = await setTheStage();
  const running = new Set<ChildProcess>();
  const interruption = new Promise<typeof INTERRUPTED>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(INTERRUPTED));
  });
  try {
    return await Promise.race([tellTheStory(stage, running).then(() => 0), interruption]);
  } finally {
    await Promise.all([...running].map(stop));
    await clearTheStage(stage);
  }
}

/** A sweep that is stopped records nothing and ends at once. */
async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

main().then(
  (status) => process.exit(status),
  (error: Error) => {
    process.stderr.write(`demo: ${error.message}\n`);
    process.exit(1);
  },
);
