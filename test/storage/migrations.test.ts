import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { migrate, readMigrations, schemaBackup, schemaOf } from '../../storage/migrations.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { firstSweep } from '../support/sample-history.ts';
import { sampleEvent } from '../support/samples.ts';

const migrations = readMigrations();
const nextMigration = {
  number: migrations.length + 1,
  sql: 'CREATE TABLE novelty (id INTEGER PRIMARY KEY) STRICT',
};

function openRaw(file: string): Sqlite.Database {
  const db = new Sqlite(file);
  onTestFinished(() => {
    db.close();
  });
  return db;
}

function schemaText(db: Sqlite.Database): unknown[] {
  return db.prepare('SELECT type, name, sql FROM sqlite_schema').all();
}

it('are numbered from 1 without a gap', () => {
  expect(migrations.map((each) => each.number)).toEqual(migrations.map((_, i) => i + 1));
});

it('are read from the folder beside the module, as the bundle has it too', () => {
  const directory = pathToFileURL(`${import.meta.dirname}/../../storage/migrations/`);
  expect(readMigrations(directory)).toEqual(migrations);
});

it('make every table of an empty file strict', () => {
  const db = openRaw(':memory:');
  migrate(db, migrations, ':memory:');
  const tables = db
    .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")
    .all() as { readonly name: string; readonly strict: 0 | 1 }[];
  expect(schemaOf(db)).toBe(migrations.length);
  expect(tables.length).toBeGreaterThan(5);
  expect(tables.filter((table) => table.strict === 0)).toEqual([]);
});

it('change nothing when they have been applied', () => {
  const db = openRaw(':memory:');
  migrate(db, migrations, ':memory:');
  const before = schemaText(db);
  migrate(db, migrations, ':memory:');
  expect(schemaText(db)).toEqual(before);
});

it('keep the history, and a copy of the file as it was', () => {
  const file = temporaryFile();
  const before = openTestStorage({ file });
  before.history.recordSweep(firstSweep());
  before.close();

  const after = openTestStorage({ file, migrations: [...migrations, nextMigration] });
  expect(after.history.hosts().size).toBe(1);
  expect(schemaOf(openRaw(file))).toBe(nextMigration.number);
  const copy = openTestStorage({ file: schemaBackup(file, migrations.length), mode: 'read-only' });
  expect(copy.history.hosts()).toEqual(after.history.hosts());
});

it('bring a history of the first schema up to date, with nothing ignored and nothing acknowledged', () => {
  const file = temporaryFile();
  const first = openRaw(file);
  migrate(first, migrations.slice(0, 1), file);
  first.exec(`
    INSERT INTO hosts VALUES ('h001132aabbcc', '00:11:32:aa:bb:cc', 0, 1, 2, 1, 0, '{}', NULL);
    INSERT INTO findings VALUES ('f_3k2m9q', 'h001132aabbcc', 'smb1-enabled', 'high', 'SMB 1 is accepted', 'open', 1, NULL, 2, '[]')`);
  first.close();

  const { history } = openTestStorage({ file });
  expect(history.hosts().get('h001132aabbcc')).toMatchObject({
    firstSeenAt: 1,
    ignored: null,
    findings: [{ id: 'f_3k2m9q', state: 'open', acknowledged: null }],
  });
  expect(history.ledger({})).toEqual([]);
  expect(existsSync(schemaBackup(file, 1))).toBe(true);
});

it('bring an outbox of the second schema up to date: nothing in it is known to have been acknowledged', () => {
  const file = temporaryFile();
  const second = openRaw(file);
  migrate(second, migrations.slice(0, 2), file);
  second.prepare('INSERT INTO outbox VALUES (7, ?, ?)').run('e1', JSON.stringify(sampleEvent({ id: 'e1' })));
  second.close();

  const { outbox } = openTestStorage({ file });
  expect(outbox.waiting(9)).toEqual([sampleEvent({ id: 'e1' })]);
  expect(outbox.acknowledged()).toEqual(new Set());
  expect(existsSync(schemaBackup(file, 2))).toBe(true);
});

it('leave the schema as it was when a step fails half-way', () => {
  const db = openRaw(':memory:');
  migrate(db, migrations, ':memory:');
  const before = schemaText(db);
  const faulty = { ...nextMigration, sql: `${nextMigration.sql}; INSERT INTO no_such_table VALUES (1)` };
  const file = temporaryFile();
  expect(() => migrate(db, [...migrations, faulty], file)).toThrow('no such table');
  expect(schemaText(db)).toEqual(before);
  expect(schemaOf(db)).toBe(migrations.length);
  expect(existsSync(schemaBackup(file, migrations.length))).toBe(true);
});
