import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

/** One step from schema `number - 1` to schema `number`. */
export interface Migration {
  readonly number: number;
  readonly sql: string;
}

/** Says in the file's header whose database it is: "smbw". */
export const APPLICATION_ID = 0x73_6d_62_77;

/**
 * The migrations of this build, by number, without gaps from 1. They are read from the folder `migrations` beside this
 * module: `storage/migrations` when the sources run, and `dist/migrations`, where the build copies it, beside the bundle.
 */
export function readMigrations(
  directory: URL = new URL('./migrations/', import.meta.url),
): readonly Migration[] {
  return readdirSync(directory)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort()
    .map((name) => ({
      number: Number(name.slice(0, 4)),
      sql: readFileSync(new URL(name, directory), 'utf8'),
    }));
}

/** The schema that this build knows: the number of its last migration. */
export function latestSchema(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.number ?? 0;
}

/** The schema that the file has; 0: none yet. */
export function schemaOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** Where `migrate` keeps a copy of the database as it was at `schema`. */
export function schemaBackup(file: string, schema: number): string {
  return `${file}.schema-${schema}`;
}

/**
 * Brings the database to the latest schema, each step in a transaction of its own; steps that were taken before are left
 * out. A history that is already there is first copied to `schemaBackup`.
 */
export function migrate(db: Database, migrations: readonly Migration[], file: string): void {
  const schema = schemaOf(db);
  if (schema === latestSchema(migrations)) return;
  const backup = schemaBackup(file, schema);
  if (schema > 0 && !existsSync(backup)) db.prepare('VACUUM INTO ?').run(backup);
  const apply = db.transaction(({ number, sql }: Migration) => {
    // Asked under the write lock: another process may have migrated while this one waited.
    if (schemaOf(db) >= number) return;
    db.exec(sql);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${number}`);
  });
  for (const migration of migrations) apply.immediate(migration);
}
