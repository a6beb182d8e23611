import type { Address } from '../../domain/address.ts';
import type { Severity } from '../../domain/finding.ts';
import type { History, Outbox, Settings } from '../../domain/history.ts';
import type { HostRecord, Mac } from '../../domain/host.ts';
import type { Level } from '../../domain/level.ts';
import type { DecisionOutcome, OwnerCommand } from '../../domain/owner-command.ts';
import type { Coverage, SkippedSubnet } from '../../domain/target.ts';
import type { Config } from '../config.ts';
import type { DoctorWorld } from '../doctor/doctor-world.ts';
import type { AgentStatus, LinkState, Retention, Trial } from '../publish/publisher.ts';
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
  /** Carries out what the owner says of findings, hosts and sweeps. @throws when it does not fit what is known */
  decide(command: OwnerCommand): Promise<DecisionOutcome>;
  readonly broker: BrokerTools;
  /** The running daemon's own word, or null when none answers. */
  daemonStatus(): Promise<DaemonStatus | null>;
  /** Upkeep of the database. */
  readonly upkeep: Upkeep;
  /** What `doctor` looks at. */
  doctor(): Promise<DoctorWorld>;
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

/** Sizes are in bytes. Every method throws StorageError where the file fails it. */
export interface Upkeep {
  /** Writes a compact copy of the history, beside a running daemon too. */
  backUp(target: string, overwrite: boolean): { readonly file: string; readonly size: number };
  /** Makes `from` the history. @throws ControlTaken while a daemon runs. */
  restore(from: string): Promise<RestoreReport>;
  /** Looks at every page, beside a running daemon too. */
  check(): DatabaseCheck;
  /** Through the running daemon where there is one. */
  vacuum(): Promise<{ readonly before: number; readonly after: number }>;
}

export interface RestoreReport {
  /** The backup, as an absolute path. */
  readonly from: string;
  /** End of the last sweep in the restored history, milliseconds UTC; null: it has none. */
  readonly recordedUntil: number | null;
  /** Where the history is that was there before; null: there was none. */
  readonly keptAs: string | null;
}

export interface DatabaseCheck {
  readonly file: string;
  readonly size: number;
  /** Within the file, for later use. */
  readonly free: number;
  /** null: the file is too damaged to tell. */
  readonly schema: number | null;
  /** One sentence each; empty: nothing is wrong. */
  readonly faults: readonly string[];
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
  /** Addresses within the targets that are left alone, because the owner lets the hosts there sleep. Missing: none. */
  readonly asleep?: readonly Address[];
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

/** What the owner can do about the broker. Each is only called where one is configured. */
export interface BrokerTools {
  /** Sends a test alert of that severity over a connection of its own. */
  test(severity: Severity): Promise<Trial>;
  /** Sends everything that is retained again. */
  republish(): Promise<Tended>;
  /** Clears everything that is retained. */
  removeAll(): Promise<Tended>;
}

export interface Tended extends Retention {
  /** The running daemon did it; false: this command itself, since there is none. */
  readonly byDaemon: boolean;
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
  /** For what is long: writes the text as it is and resolves once it has left. @throws Error with `code`, such as ENOSPC */
  write(text: string): Promise<void>;
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
