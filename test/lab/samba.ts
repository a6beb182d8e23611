import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import type { Station } from './lan.ts';
import { runOrThrow } from './run.ts';
import type { Server } from './servers.ts';
import { type EffectiveConfig, parseTestparm } from './smb-conf.ts';

export interface SambaSettings {
  /** Options of [global], spelt as in smb.conf(5). */
  readonly options: Readonly<Record<string, string>>;
  /** Shares by name, with their options; each gets a folder that everybody may write to. */
  readonly shares: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Does nmbd run, the name service at UDP 137? */
  readonly nmbd: boolean;
  /** Does samba-dcerpcd run by itself, with the endpoint mapper at TCP 135? */
  readonly endpointMapper?: boolean;
}

const DCERPCD = '/usr/libexec/samba/samba-dcerpcd';
const DEFAULT_SMB_PORTS = '445 139';

/** A real Samba with a configuration, databases, sockets and logs of its own. */
export class Samba implements Server {
  readonly smbd: Daemon;
  /** Bound to UDP 137; runs only where the settings say so, but can be started and stopped by itself. */
  readonly nmbd: Daemon;
  readonly #endpointMapper: Daemon;
  readonly #station: Station;
  readonly #folder: string;
  #settings: SambaSettings;

  /** `folder` does not exist yet. */
  constructor(station: Station, folder: string, settings: SambaSettings) {
    this.#station = station;
    this.#folder = folder;
    this.#settings = settings;
    this.smbd = this.#daemon('smbd', () => this.#smbPorts(), [], /^(smbd|samba|rpcd)/);
    this.nmbd = this.#daemon('nmbd', () => [], [137], /^nmbd/);
    this.#endpointMapper = this.#daemon(DCERPCD, () => [135], [], /^(samba-dcerpcd|rpcd)/, [
      '--libexec-rpcds',
    ]);
  }

  get settings(): SambaSettings {
    return this.#settings;
  }

  async start(): Promise<void> {
    await this.#writeFiles();
    const { nmbd, endpointMapper } = this.#settings;
    await this.smbd.start();
    await Promise.all([nmbd && this.nmbd.start(), endpointMapper === true && this.#endpointMapper.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.smbd.stop(), this.nmbd.stop(), this.#endpointMapper.stop()]);
  }

  /**
   * Restarts with these options of [global] laid over the present ones; null takes an option back to Samba's default.
   * `more` exchanges the shares, or whether nmbd and the endpoint mapper run.
   */
  async restartWith(
    options: Readonly<Record<string, string | null>>,
    more: Partial<Omit<SambaSettings, 'options'>> = {},
  ): Promise<void> {
    await this.stop();
    const merged = Object.entries({ ...this.#settings.options, ...options });
    const kept = merged.filter((entry): entry is [string, string] => entry[1] !== null);
    this.#settings = { ...this.#settings, ...more, options: Object.fromEntries(kept) };
    await this.start();
  }

  /** Its configuration with Samba's defaults, as Samba itself reads it. */
  async effectiveConfig(): Promise<EffectiveConfig> {
    return parseTestparm((await runOrThrow('testparm', ['-s', '-v', this.#configFile])).stdout);
  }

  /** What smbd and nmbd log. */
  get logFile(): string {
    return join(this.#folder, 'samba.log');
  }

  /** How many sessions, tree connects and open files it has now, by smbstatus. */
  async inUse(): Promise<{ sessions: number; tcons: number; openFiles: number }> {
    const { stdout } = await runOrThrow('smbstatus', ['--json', '-s', this.#configFile]);
    const { sessions, tcons, open_files } = JSON.parse(stdout) as Record<string, object>;
    const count = (list: object | undefined): number => Object.keys(list ?? {}).length;
    return { sessions: count(sessions), tcons: count(tcons), openFiles: count(open_files) };
  }

  #daemon(
    command: string,
    tcp: () => readonly number[],
    udp: readonly number[],
    family: RegExp,
    moreArgs: readonly string[] = [],
  ): Daemon {
    const log = join(this.#folder, `${command.split('/').at(-1)}.out`);
    const args = ['-F', '--no-process-group', ...moreArgs, '-s', this.#configFile];
    return new Daemon(this.#station, () => ({ command, args, tcp: tcp(), udp, log, family }));
  }

  get #configFile(): string {
    return join(this.#folder, 'smb.conf');
  }

  #smbPorts(): number[] {
    return (this.#settings.options['smb ports'] ?? DEFAULT_SMB_PORTS).split(' ').map(Number);
  }

  async #writeFiles(): Promise<void> {
    const shares = Object.keys(this.#settings.shares);
    const folders = [...SAMBA_FOLDERS, ...shares.map((share) => `shares/${share}`)];
    await Promise.all(folders.map((name) => mkdir(join(this.#folder, name), { recursive: true })));
    await Promise.all(shares.map((share) => chmod(join(this.#folder, 'shares', share), 0o777)));
    await writeFile(this.#configFile, this.#config());
  }

  #config(): string {
    const { options, shares, endpointMapper } = this.#settings;
    const inFolder = (name: string) => join(this.#folder, name);
    const global = {
      workgroup: 'WORKGROUP',
      interfaces: `${this.#station.address}/24`,
      'bind interfaces only': 'yes',
      'private dir': inFolder('private'),
      'lock directory': inFolder('lock'),
      'state directory': inFolder('state'),
      'cache directory': inFolder('cache'),
      'pid directory': inFolder('pid'),
      'ncalrpc dir': inFolder('ncalrpc'),
      'nmbd:socket dir': inFolder('nmbd'),
      'log file': this.logFile,
      'load printers': 'no',
      'disable spoolss': 'yes',
      // No elections: a master browser would register further names some time after the start.
      'local master': 'no',
      'rpc start on demand helpers': endpointMapper === true ? 'no' : 'yes',
      ...options,
    };
    const sections = Object.entries(shares).map(([share, shareOptions]) =>
      section(share, { path: inFolder(`shares/${share}`), ...shareOptions }),
    );
    return [section('global', global), ...sections].join('\n');
  }
}

const SAMBA_FOLDERS = ['private', 'lock', 'state', 'cache', 'pid', 'ncalrpc', 'nmbd'];

function section(name: string, options: Readonly<Record<string, string>>): string {
  const lines = Object.entries(options).map(([option, value]) => `  ${option} = ${value}\n`);
  return `[${name}]\n${lines.join('')}`;
}
