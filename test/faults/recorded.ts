import Database from 'better-sqlite3';
import type { HomeScene } from './home-scene.ts';

/** One number out of the daemon's history, read beside it. */
export function recorded(scene: Pick<HomeScene, 'file'>, sql: string): number {
  return Number(recordedText(scene, sql));
}

/** The same for a text. */
export function recordedText({ file }: Pick<HomeScene, 'file'>, sql: string): string {
  const database = new Database(file, { readonly: true });
  try {
    return String(database.prepare(sql).pluck().get());
  } finally {
    database.close();
  }
}

/** Services that count as open. */
export function openServices(scene: Pick<HomeScene, 'file'>): number {
  return recorded(scene, 'SELECT count(*) FROM facts WHERE value = \'"open"\' AND until_at IS NULL');
}

/** Hosts that a sweep has missed. */
export function missedHosts(scene: Pick<HomeScene, 'file'>): number {
  return recorded(scene, 'SELECT count(*) FROM hosts WHERE present = 0 OR missed_sweeps > 0');
}
