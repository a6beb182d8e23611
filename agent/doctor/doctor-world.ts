import type { Address } from '../../domain/address.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';
import type { AttachedSubnet, Coverage, SkippedSubnet } from '../../domain/target.ts';
import type { DaemonStatus, DatabaseCheck } from '../commands/context.ts';
import type { Mistake } from '../config/mistakes.ts';
import type { Config } from '../config.ts';
import type { Examination } from '../publish/publisher.ts';

/**
 * Everything that the doctor may look at. Looking changes nothing; what cannot be looked at is null, and what went wrong
 * is part of the answer. Times are milliseconds UTC, sizes bytes.
 */
export interface DoctorWorld {
  readonly version: string;
  readonly configuration: Configuration;
  readonly dataDir: string;
  now(): number;
  runtime(): Runtime;
  /** Owner and permissions of a file or directory; null: there is none, or it cannot be looked at. */
  fileAt(path: string): FileState | null;
  password(config: Config): PasswordState;
  network(config: Config): NetworkState;
  neighbours(): Promise<NeighbourTable>;
  ipv6(config: Config, coverage: Coverage): Promise<Ipv6State>;
  /** Sockets of this machine on the watched ports beyond loopback, as `tcp/445 on 0.0.0.0`. */
  listening(): Promise<readonly string[]>;
  /** Addresses of a host name. */
  resolve(name: string): Promise<Attempt<readonly string[]>>;
  /** A TCP connection, given up at once. */
  connect(host: string, port: number): Promise<Attempt<null>>;
  /** The TLS handshake with the broker of the configuration. */
  handshake(config: Config): Promise<Attempt<null>>;
  examineBroker(config: Config): Promise<Examination>;
  /** Of this machine's resolver. */
  nameServers(): readonly string[];
  database(): DatabaseState;
  /** Space that is free where the history is kept; null: not known. */
  freeDisk(): number | null;
  /** null: there is no history that can be read. */
  recorded(config: Config): Recorded | null;
  /** null: there is no systemd here. */
  unit(): Promise<Unit | null>;
  /** null: nobody tells. */
  clockIsSynchronised(): Promise<boolean | null>;
  control(): Promise<Control>;
  /** Process ids of daemons of smbwarden that run on this machine, as far as they can be seen. */
  daemons(): readonly number[];
}

/** How an attempt ended: with a value, or with the code of an error. */
export type Attempt<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export type Configuration =
  | { readonly kind: 'good'; readonly config: Config; readonly file: string | null }
  /** `message` tells all of it; `mistakes` is empty where the file could not be read. */
  | { readonly kind: 'wrong'; readonly message: string; readonly mistakes: readonly Mistake[] };

export interface Runtime {
  /** `24.21.0`. */
  readonly node: string;
  /** Version of Node-API, on which the database rests. */
  readonly nodeApi: number;
}

export interface FileState {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type PasswordState =
  | { readonly kind: 'none' }
  | { readonly kind: 'known'; readonly source: string }
  /** The service has one, which this user may not read. */
  | { readonly kind: 'hidden'; readonly file: string }
  | { readonly kind: 'failed'; readonly message: string };

export type NetworkState =
  | {
      readonly kind: 'known';
      readonly targets: readonly string[];
      readonly coverage: Coverage;
      readonly attached: readonly AttachedSubnet[];
      readonly skipped: readonly SkippedSubnet[];
    }
  | { readonly kind: 'failed'; readonly message: string };

export interface NeighbourTable {
  /** MAC by address; null: the address has an entry, but nobody answered. */
  readonly macs: ReadonlyMap<Address, string | null>;
  /** gc_thresh3; null: it cannot be read here (a container, a network namespace). */
  readonly limit: number | null;
}

/** How hosts can be asked over IPv6. Interfaces are told by name. */
export interface Ipv6State {
  /** Those towards the coverage that have a link-local address; empty where it is switched off. */
  readonly devices: readonly string[];
  /** Those of them on which everybody is called by multicast, so that neighbours show themselves. */
  readonly callable: readonly string[];
  /** Why the neighbours cannot be read; null: they can, or there was no reason to try. */
  readonly trouble: string | null;
}

export type DatabaseState =
  | { readonly kind: 'none'; readonly file: string }
  | {
      readonly kind: 'failed';
      readonly file: string;
      /** Of a StorageError; null: of another error. */
      readonly code: string | null;
      readonly message: string;
    }
  | {
      readonly kind: 'there';
      readonly file: string;
      readonly checked: DatabaseCheck;
      readonly lastBackupAt: number | null;
      /** Damaged files that were set aside, oldest first. */
      readonly setAside: readonly string[];
      /** Files that do not belong to the owner of the data directory. */
      readonly strayFiles: readonly string[];
    };

export interface Recorded {
  readonly lastSweep: RecordedSweep | null;
  readonly sweepIntervalMinutes: number;
  /** The cron pattern that counts instead; null: the interval does. */
  readonly schedule: string | null;
  readonly isPaused: boolean;
  readonly eventsWaiting: number;
  /** Known hosts that have answered over IPv6. */
  readonly hostsOverIpv6: number;
}

/** The service as systemd sees it. */
export interface Unit {
  /** `loaded`, `not-found`, `masked`. */
  readonly loadState: string;
  /** `active`, `inactive`, `failed`, `activating`. */
  readonly activeState: string;
  /** `enabled`, `disabled`. */
  readonly fileState: string;
  /** Why it ended: `success`, `watchdog`, `exit-code`. */
  readonly outcome: string;
  readonly restarts: number;
  /** Milliseconds; 0: it is not watched. */
  readonly watchdogMs: number;
  readonly mainPid: number;
  /** The unit file has changed since systemd read it. */
  readonly needsReload: boolean;
  /** CIDRs. */
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

export type Control =
  | { readonly kind: 'answers'; readonly path: string; readonly daemon: DaemonStatus }
  | { readonly kind: 'silent'; readonly path: string }
  | { readonly kind: 'failed'; readonly path: string; readonly message: string };
