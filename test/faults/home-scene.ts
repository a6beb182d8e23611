import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, vi } from 'vitest';
import type { ServicePorts } from '../../probes/probe.ts';
import { openStorage } from '../../storage/storage.ts';
import { Audit, Subscriber } from '../lab/delivery.ts';
import { LoopbackMosquitto } from '../lab/loopback-mosquitto.ts';
import { run } from '../lab/run.ts';
import { type FakeHost, freeServicePorts, startFakeHost } from '../support/fake-host.ts';
import { serverNames } from '../support/fake-nbns-host.ts';
import { AGENT_ID, TOPICS } from '../support/publisher-parts.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type AlertAccount, type ArrivedAlert, alertOf, expectAccounted, type Happened } from './alerts.ts';
import type { Aftermath } from './fault.ts';
import { commandOf } from './program.ts';
import { SupervisedDaemon } from './supervised-daemon.ts';

export interface HomeSceneOptions {
  /** Machines with SMB on loopback; 4 unless told otherwise. */
  readonly hosts?: number;
  /** Further lines of its configuration. */
  readonly config?: readonly string[];
  /** A directory that exists; else one of its own. */
  readonly dataDir?: string;
  /** What starts it, such as `['prlimit', '--nofile=64']`; has to exec. */
  readonly wrap?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its numerical user; root unless told otherwise. */
  readonly user?: number;
  /** False: nothing is written down in its database, because the fault takes that away. */
  readonly audited?: boolean;
  /** Events that the fault itself accounts for, by type. */
  readonly alsoTold?: readonly string[];
}

/** What a sweep answers, as far as it is looked at. */
export interface SweepAnswer {
  readonly sweep: { readonly id: number; readonly complete: boolean; readonly hostsUp: number };
}

const RULE = 'smb-signing-not-required';

/**
 * A home on loopback: machines with SMB whose signing can be switched, a real Mosquitto with a subscriber that never
 * forgets, and the daemon as a process under a supervisor. Everything goes when the test ends. No packet leaves 127/8.
 */
export class HomeScene implements Aftermath {
  readonly daemon: SupervisedDaemon;
  readonly broker: LoopbackMosquitto;
  readonly hosts: readonly FakeHost[];
  readonly file: string;
  /** What the owner must have heard of by now. */
  readonly happened: Happened[] = [];
  readonly #subscriber: Subscriber;
  readonly #audit: Audit | null;
  readonly #alsoTold: readonly string[];
  readonly #isOptional: boolean[];

  private constructor(
    parts: Pick<HomeScene, 'daemon' | 'broker' | 'hosts' | 'file'>,
    subscriber: Subscriber,
    audit: Audit | null,
    alsoTold: readonly string[],
  ) {
    this.daemon = parts.daemon;
    this.broker = parts.broker;
    this.hosts = parts.hosts;
    this.file = parts.file;
    this.#subscriber = subscriber;
    this.#audit = audit;
    this.#alsoTold = alsoTold;
    this.#isOptional = parts.hosts.map(() => false);
  }

  /** Sets it up and starts the daemon; resolves when the first sweep has been recorded. */
  static async set(options: HomeSceneOptions = {}): Promise<HomeScene> {
    const folder = temporaryDirectory();
    const dataDir = options.dataDir ?? join(folder, 'data');
    mkdirSync(dataDir, { recursive: true });
    chmodSync(folder, 0o755);
    const file = join(dataDir, 'smbwarden.db');
    const net = `127.${randomInt(80, 120)}.${randomInt(1, 250)}`;
    const { hosts, ports } = await startHosts(net, options.hosts ?? 4);
    const broker = await LoopbackMosquitto.start({ persistence: true });
    onTestFinished(() => broker.close());
    const subscriber = new Subscriber(broker, TOPICS.status, TOPICS.event);
    onTestFinished(() => subscriber.close());
    const config = join(folder, 'config.yaml');
    writeConfig(config, net, hosts.length, ports, broker, options.config ?? []);
    const audit = (options.audited ?? true) ? audited(file) : null;
    if (options.user !== undefined) await run('chown', ['-R', `${options.user}`, config, dataDir]);
    const daemon = supervised(config, dataDir, options);
    const scene = new HomeScene({ daemon, broker, hosts, file }, subscriber, audit, options.alsoTold ?? []);
    await daemon.start();
    await scene.sweep();
    await scene.untilTold();
    return scene;
  }

  /** Switches the signing of a machine, which the next sweep finds: a finding opens, or is resolved, or opens again. */
  flip(which = 0): void {
    const host = this.hosts[which];
    if (host === undefined) throw new Error(`there is no machine ${which}`);
    const isOptional = !this.#isOptional[which];
    this.#isOptional[which] = isOptional;
    host.behave({ signing: isOptional ? 'enabled' : 'required' });
    const seen = this.happened.some(({ ip }) => ip === host.address);
    const opening = seen ? 'finding_reopened' : 'finding_opened';
    const type = isOptional ? opening : 'finding_resolved';
    this.happened.push({ type, ip: host.address, rule: RULE });
  }

  /** Asks the daemon for a sweep and waits for its end. @throws Error with what the daemon says when it fails. */
  async sweep(): Promise<SweepAnswer> {
    return (await this.daemon.ask('sweep', { targets: [], level: null })) as SweepAnswer;
  }

  /** The same by way of Home Assistant, for a daemon that its control socket does not reach. */
  async sweepByBroker(): Promise<void> {
    const from = this.daemon.log.length;
    const client = await this.broker.join();
    await client.publishAsync(`smbwarden/${AGENT_ID}/cmd/sweep`, '{}', { qos: 1 });
    await client.endAsync();
    await this.daemon.says(/sweep finished/, { from });
  }

  /** A restart has lost what was held in memory: what the last change of a machine came to is found, and told, anew. */
  toldAgain(which = 0): void {
    const last = this.happened.findLast(({ ip }) => ip === this.hosts[which]?.address);
    if (last !== undefined) this.happened.push(last);
  }

  /** Everything that happened has arrived. @throws AssertionError when it does not within a while. */
  async untilTold(): Promise<void> {
    await vi.waitFor(() => expectAccounted(this.alerts()), { timeout: 30_000, interval: 50 });
  }

  /** Sweeps until the log says so. @throws Error when it never does. */
  async sweepUntil(pattern: RegExp, atMost = 80): Promise<void> {
    const from = this.daemon.log.length;
    for (let n = 0; n < atMost; n += 1) {
      await this.sweep();
      if (this.daemon.said(pattern, from) !== undefined) return;
    }
    await this.daemon.says(pattern, { from, withinMs: 0 });
  }

  /** What the daemon says is wrong with it; null: nothing. */
  async problem(): Promise<string | null> {
    return ((await this.daemon.ask('status')) as { problem: string | null }).problem;
  }

  /** How often the signing of a machine changed, as the database has it. */
  recorded(): number {
    return inDatabase(this.file, (db) =>
      Number(
        db
          .prepare(
            'SELECT count(*) FROM changes JOIN findings ON findings.id = changes.finding_id WHERE rule = ?',
          )
          .pluck()
          .get(RULE),
      ),
    );
  }

  /** What the owner is told of a machine's signing: the id of the finding, once its alert has arrived. */
  async findingOf(which: number): Promise<string> {
    const isIt = (alert: ArrivedAlert) => alert.ip === this.hosts[which]?.address && alert.findingId !== null;
    return vi.waitFor(
      () => this.alerts().arrived.find(isIt)?.findingId ?? expect.fail('no alert yet'),
      10_000,
    );
  }

  /** The owner acknowledges a finding, or takes that back; either is announced. */
  async decide(kind: 'ack' | 'unack', findingId: string, which: number): Promise<void> {
    await this.daemon.ask(kind, { scope: { findingId }, until: null, note: null, by: null });
    const type = kind === 'ack' ? 'finding_acknowledged' : 'finding_reopened';
    this.happened.push({ type, ip: this.hosts[which]?.address ?? '', rule: RULE });
  }

  /** For the checks after a fault. */
  alerts = (): AlertAccount => ({
    happened: this.happened,
    arrived: this.#subscriber.arrived.map(({ text }) => alertOf(text)),
    audit: this.#audit,
    alsoTold: this.#alsoTold,
  });
}

/** Work on a database from beside. */
export function inDatabase<Result>(file: string, work: (db: Sqlite.Database) => Result): Result {
  const db = new Sqlite(file);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function writeConfig(
  file: string,
  net: string,
  hosts: number,
  ports: ServicePorts,
  { url, user, password }: LoopbackMosquitto,
  more: readonly string[],
): void {
  const map = [
    `smb: ${ports.smb}`,
    `netbios-session: ${ports.session}`,
    `netbios-name-service: ${ports.nameService}`,
    `rpc-endpoint-mapper: ${ports.endpointMapper}`,
  ];
  const lines = [
    `targets: [${net}.1-${net}.${hosts}]`,
    'sweepInterval: 60',
    'pace: fast',
    'log: { format: json }',
    `agent: { id: ${AGENT_ID} }`,
    `ports: { map: { ${map.join(', ')} } }`,
    `mqtt: { url: "${url}", username: ${user}, password: ${password} }`,
    ...more,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Goes when the test ends. */
function supervised(
  config: string,
  dataDir: string,
  { wrap = [], user, env = {} }: HomeSceneOptions,
): SupervisedDaemon {
  const [command = '', ...args] = [
    ...wrap,
    ...(user === undefined ? [] : ['setpriv', `--reuid=${user}`, '--clear-groups']),
    ...commandOf('--config', config, '--data-dir', dataDir, 'run'),
  ];
  const daemon = new SupervisedDaemon(dataDir, () =>
    spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  onTestFinished(async () => {
    await daemon.stop('SIGKILL');
  });
  return daemon;
}

/** The daemon on a data directory that is there, with one address to sweep and nobody to tell. Goes when the test ends. */
export function quietDaemon(dataDir: string): SupervisedDaemon {
  const config = join(temporaryDirectory(), 'config.yaml');
  writeFileSync(config, 'targets: [127.0.0.99]\nlog: { format: json }\n');
  return supervised(config, dataDir, {});
}

async function startHosts(net: string, count: number) {
  const ports = await freeServicePorts(`${net}.1`);
  const hosts: FakeHost[] = [];
  for (let n = 1; n <= count; n += 1) {
    const nameService = { names: serverNames(`NAS${n}`, 'HOME') };
    const host = await startFakeHost({ address: `${net}.${n}`, ports, nameService, smb: {} });
    onTestFinished(() => host.close());
    hosts.push(host);
  }
  return { hosts, ports };
}

/** An empty history in which everything is written down that enters and leaves the outbox. */
function audited(file: string): Audit {
  openStorage({ file, mode: 'read-write', version: '1.0.0', now: Date.now }).close();
  return new Audit(file);
}
