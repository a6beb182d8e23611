import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { SupervisedDaemon } from './supervised-daemon.ts';

/** What a disk may hold when the power goes. */
export interface DiskImage {
  readonly database: Buffer;
  /** The write-ahead log. */
  readonly log: Buffer;
}

/** The files of a running daemon, and how much of the log is on the disk for certain. */
export interface Snapshot extends DiskImage {
  /** The log is synchronised before a checkpoint copies its pages into the database; a disk that lies is another matter. */
  readonly certainBytes: number;
}

/** Layout of the write-ahead log: a header, then frames of one page with a header each (sqlite.org/fileformat.html 4.1). */
const LOG_HEADER = 32;
const FRAME = 24 + 4096;
/** Frames that checkpoints have copied, and are about to copy, in the index of the log (sqlite.org/walformat.html 2.2.2). */
const COPIED_AT = 96;
const TO_BE_COPIED_AT = 128;

/** Copies database and log of a daemon that is stopped in its tracks for that moment, wherever it is. */
export async function snapshotOf(file: string, daemon: SupervisedDaemon): Promise<Snapshot> {
  const { pid } = daemon;
  daemon.signal('SIGSTOP');
  try {
    while (!/^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(1);
    const index = readFileSync(`${file}-shm`);
    const frames = Math.max(index.readUInt32LE(COPIED_AT), index.readUInt32LE(TO_BE_COPIED_AT));
    return {
      database: readFileSync(file),
      log: readFileSync(`${file}-wal`),
      certainBytes: frames === 0 ? 0 : LOG_HEADER + frames * FRAME,
    };
  } finally {
    daemon.signal('SIGCONT');
  }
}

/** The log cut short, or cut and full of noise for up to 8 kB before the cut. */
export function torn({ database, log, certainBytes }: Snapshot): DiskImage {
  const uncertain = Math.max(0, log.length - certainBytes);
  const image = Buffer.from(log.subarray(0, log.length - Math.floor(Math.random() * (uncertain + 1))));
  if (Math.random() < 0.5) {
    const noisy = Math.min(image.length - certainBytes, Math.floor(Math.random() * 8192));
    for (let n = image.length - noisy; n < image.length; n += 1) image[n] = Math.floor(Math.random() * 256);
  }
  return { database, log: image };
}

/** Writes an image into a folder that is made for it. Resolves with the path of the database. */
export function putDown({ database, log }: DiskImage, folder: string): string {
  mkdirSync(folder);
  const file = join(folder, 'smbwarden.db');
  writeFileSync(file, database);
  writeFileSync(`${file}-wal`, log);
  return file;
}

/** Pairs of tables that one transaction writes to; each statement counts what is in one and not in the other. */
const HALF_DONE: Readonly<Record<string, string>> = {
  'changes without their event, or the other way round': `
    SELECT abs((SELECT count(*) FROM audit WHERE entered = 1 AND count IS NULL AND host_id IS NOT NULL)
      - (SELECT count(*) FROM changes JOIN findings ON findings.id = changes.finding_id WHERE severity <> 'low'))`,
  'sweeps without their ledger': `
    SELECT abs((SELECT coalesce(sum(connections + datagrams + bytes), 0) FROM sweeps)
      - (SELECT coalesce(sum(connections + datagrams + bytes), 0) FROM ledger))`,
  'facts that are not as their last change says': `
    SELECT count(*) FROM (SELECT host_id, fact_name, fact_after, max(id) FROM changes
      WHERE fact_name IS NOT NULL GROUP BY host_id, fact_name) AS last
    LEFT JOIN facts ON facts.host_id = last.host_id AND facts.name = last.fact_name AND until_at IS NULL
    WHERE value IS NOT fact_after`,
  'findings that are not as their last change says': `
    SELECT count(*) FROM (SELECT finding_id, type, max(id) FROM changes
      WHERE finding_id IS NOT NULL GROUP BY finding_id) AS last
    JOIN findings ON findings.id = last.finding_id
    WHERE state <> CASE type WHEN 'finding_resolved' THEN 'resolved'
      WHEN 'finding_acknowledged' THEN 'acknowledged' ELSE 'open' END`,
};

/** Damage, and transactions of which only a part is there, in words; empty: there is nothing of the kind. */
export function faultsOf(file: string): string[] {
  const db = new Sqlite(file, { readonly: true });
  try {
    const verdict = db.pragma('integrity_check', { simple: true });
    const orphans = db.pragma('foreign_key_check') as unknown[];
    const halves = Object.entries(HALF_DONE).filter(([, sql]) => db.prepare(sql).pluck().get() !== 0);
    return [
      ...(verdict === 'ok' ? [] : [String(verdict)]),
      ...orphans.map((row) => JSON.stringify(row)),
      ...halves.map(([what]) => what),
    ];
  } finally {
    db.close();
  }
}
