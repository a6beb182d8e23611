import type { History, Outbox, Settings } from '../../domain/history.ts';
import type { HostRecord, Mac } from '../../domain/host.ts';
import type { Level } from '../../domain/level.ts';
import type { Coverage, SkippedSubnet } from '../../domain/target.ts';
import type { Config } from '../config.ts';
import type { AgentStatus, LinkState } from '../publish/publisher.ts';
import type { SweepProgress, SweepReport } from '../sweep/report.ts';

/** Everything a command may use. Built once per invocation by cli.ts; tests build their own. */
export interface CommandContext {
  readonly config: Config;
  /** The file `config` came from; null: no file, all defaults. */
  readonly configFile: string | null;
  readonly dataDir: string;
  readonly version: string;
  /** @throws StorageError when the database is missing, locked, damaged or not ours. The caller closes it. */
  storage(mode: 'read-only' | 'read-write'): OpenStorage;
  /** One sweep, recorded and (unless `mqtt` is false) published. @throws TargetError, ConfigError */
  sweep(options: SweepOptions): Promise<SweepReport>;
  /** Everything that is allowed to be asked of one host, asked now. @throws TargetError */
  check(host: HostRecord | { readonly address: string }): Promise<SweepReport>;
  /** What `sweep` would send to whom; sends nothing. @throws TargetError */
  plan(options: Pick<SweepOptions, 'subnets' | 'level'>): Promise<SweepPlan>;
  /** The running daemon's own word, or null when none answers. */
  daemonStatus(): Promise<DaemonStatus | null>;
  /** The daemon; resolves after a clean stop. */
  run(): Promise<void>;
  /** Manufacturer of a network card, or null when unknown. */
  vendorOf(mac: Mac): string | null;
  readonly output: Output;
  /** Milliseconds UTC. */
  now(): number;
}

export interface OpenStorage {
  readonly history: History;
  readonly outbox: Outbox;
  readonly settings: Settings;
  close(): void;
}

export interface SweepOptions {
  /** As written after `--subnet`; empty: what the configuration says. */
  readonly subnets: readonly string[];
  /** null: the deepest level that the configuration allows. */
  readonly level: Level | null;
  readonly mqtt: boolean;
  readonly onProgress: (progress: SweepProgress) => void;
}

/** What a sweep would send to whom. */
export interface SweepPlan {
  readonly level: Level;
  /** As a person writes them: `192.168.1.0/24`. */
  readonly targets: readonly string[];
  readonly coverage: Coverage;
  readonly skipped: readonly SkippedSubnet[];
  /** In the order in which they are asked. */
  readonly questions: readonly PlannedQuestion[];
}

export interface PlannedQuestion {
  readonly level: Level;
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** One sentence for people: `What are your NetBIOS names?`. */
  readonly asks: string;
  /** Who is asked, as a person would say it: `every address`, `hosts that are there`, `hosts with port 445 open`. */
  readonly to: string;
  /** Most datagrams or connections per address, repeats included. */
  readonly atMost: number;
}

/** What a living daemon says of itself. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly status: AgentStatus;
  /** Why something needs attention, or null. */
  readonly problem: string | null;
  /** Milliseconds UTC; null: none is planned. */
  readonly nextSweepAt: number | null;
  readonly mqtt: LinkState;
}

/** Where a command writes, and how. Text for `out` and `err` is harmless already and ends without a newline. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Redraws one line on standard error; an empty text removes it. Does nothing unless that is a terminal. */
  progress(text: string): void;
  readonly json: boolean;
  readonly color: boolean;
  /** Columns; Infinity where standard output is no terminal. */
  readonly width: number;
  readonly isTty: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** IANA name; undefined: this machine's. */
  readonly timeZone: string | undefined;
}

/** The command cannot be carried out as it was written. Exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked for is not there. Exit 1. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}
