import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { openStorage } from '../../storage/storage.ts';
import { buildLab, type Lab } from '../lab/build-lab.ts';
import { Audit } from '../lab/delivery.ts';
import { type CastMember, castOf } from '../lab/hosts.ts';
import { AGENT_ID, TOPICS } from '../support/publisher-parts.ts';
import { type AlertAccount, type ArrivedAlert, alertOf, type Happened } from './alerts.ts';
import type { SweepAnswer } from './home-scene.ts';
import { commandOf } from './program.ts';
import { SupervisedDaemon } from './supervised-daemon.ts';

export interface LabSceneOptions {
  /** Beside the broker and the NAS whose signing is switched. */
  readonly cast?: readonly CastMember[];
  /** Further lines of its configuration. */
  readonly config?: readonly string[];
}

const NAS = 'nas';
const DATABASE = 'smbwarden.db';

/**
 * A LAN of network namespaces with a real NAS, a broker, and the daemon at the agent's station as a user without privilege.
 * Who listens sits beside the broker, so that no cable of the agent's is needed to hear.
 */
export class LabScene {
  readonly lab: Lab;
  readonly daemon: SupervisedDaemon;
  readonly file: string;
  readonly happened: Happened[] = [];
  readonly #arrived: ArrivedAlert[];
  readonly #audit: Audit;
  #signing: 'offered' | 'demanded' = 'offered';

  private constructor(lab: Lab, daemon: SupervisedDaemon, arrived: ArrivedAlert[], audit: Audit) {
    this.lab = lab;
    this.daemon = daemon;
    this.file = join(daemon.dataDir, DATABASE);
    this.#arrived = arrived;
    this.#audit = audit;
  }

  /** Builds it and starts the daemon; resolves when the first sweep has been recorded. */
  static async set({ cast = [], config = [] }: LabSceneOptions = {}): Promise<LabScene> {
    const lab = await buildLab([...castOf('broker', NAS), ...cast]);
    onTestFinished(() => lab.close());
    const dataDir = join(lab.folder, 'data');
    mkdirSync(dataDir);
    const file = join(dataDir, DATABASE);
    openStorage({ file, mode: 'read-write', version: '1.0.0', now: Date.now }).close();
    const audit = new Audit(file);
    for (const each of [lab.folder, dataDir]) chmodSync(each, 0o777);
    chmodSync(file, 0o666);
    const configFile = join(lab.folder, 'config.yaml');
    const { url, user, password } = lab.mosquitto;
    const lines = [
      'sweepInterval: 60',
      'pace: fast',
      'log: { format: json }',
      `agent: { id: ${AGENT_ID} }`,
      `mqtt: { url: "${url}", username: ${user}, password: ${password}, keepalive: 5 }`,
      ...config,
    ];
    writeFileSync(configFile, `${lines.join('\n')}\n`, { mode: 0o644 });
    const arrived = listenTo(lab);
    const [command, ...args] = commandOf('--config', configFile, '--data-dir', dataDir, 'run');
    const daemon = new SupervisedDaemon(dataDir, () =>
      lab.agent.spawn(command, args, { as: 'nobody', stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    onTestFinished(async () => {
      await daemon.stop('SIGKILL');
    });
    await daemon.start();
    await daemon.says(/sweep finished/, { withinMs: 120_000 });
    return new LabScene(lab, daemon, arrived, audit);
  }

  /** The NAS demands signing, or offers it again; the next sweep finds that. */
  async flip(): Promise<void> {
    this.#signing = this.#signing === 'offered' ? 'demanded' : 'offered';
    const isDemanded = this.#signing === 'demanded';
    await this.lab.samba(NAS).restartWith({ 'server signing': isDemanded ? 'mandatory' : null });
    this.happened.push({
      type: isDemanded ? 'finding_resolved' : 'finding_reopened',
      ip: this.lab.host(NAS).address,
      rule: 'smb-signing-not-required',
    });
  }

  /** Asks the daemon for a sweep and waits for its end. @throws Error with what the daemon says when it fails. */
  async sweep(): Promise<SweepAnswer> {
    return (await this.daemon.ask('sweep', { targets: [], level: null })) as SweepAnswer;
  }

  /** Home Assistant says that it is there, as it does when its broker comes back. */
  async birth(): Promise<void> {
    const { station, user, password } = this.lab.mosquitto;
    const login = ['-h', station.address, '-u', user, '-P', password];
    await station.run('mosquitto_pub', [...login, '-q', '1', '-t', TOPICS.status, '-m', 'online']);
  }

  /** How many messages the broker holds retained under a filter. */
  async retained(filter: string): Promise<number> {
    const { station, user, password } = this.lab.mosquitto;
    const login = ['-h', station.address, '-u', user, '-P', password];
    const { stdout } = await station.run('mosquitto_sub', [
      ...login,
      ...['--retained-only', '-W', '1', '-t', filter, '-F', '%t'],
    ]);
    return stdout.split('\n').filter(Boolean).length;
  }

  /** Runs `ip` commands at the agent's station. */
  async ip(...commands: readonly string[]): Promise<void> {
    for (const command of commands) {
      const { code, stderr } = await this.lab.agent.run('ip', command.split(' '));
      if (code !== 0) throw new Error(`ip ${command}: ${stderr}`);
    }
  }

  /** For the checks after a fault. */
  alerts = (): AlertAccount => ({
    happened: this.happened,
    arrived: this.#arrived,
    audit: this.#audit,
    alsoTold: [],
  });
}

function listenTo(lab: Lab): ArrivedAlert[] {
  const arrived: ArrivedAlert[] = [];
  const { station, user, password } = lab.mosquitto;
  const login = ['-h', station.address, '-u', user, '-P', password];
  const child = station.spawn('mosquitto_sub', [...login, '-q', '1', '-t', TOPICS.event], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => arrived.push(alertOf(line)));
  onTestFinished(() => {
    child.kill();
  });
  return arrived;
}
