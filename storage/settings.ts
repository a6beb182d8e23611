import type { SettingName, Settings } from '../domain/history.ts';
import type { Connection } from './database.ts';

/** Settings that were changed at run time. */
export function settingsIn({ db, attempt }: Connection): Settings {
  const find = db.prepare<[SettingName], string>('SELECT value FROM settings WHERE name = ?').pluck();
  const upsert = db.prepare<[SettingName, string]>(
    'INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)',
  );
  const erase = db.prepare<[SettingName]>('DELETE FROM settings WHERE name = ?');
  return {
    get: (name) => attempt(`read the setting ${name}`, () => find.get(name) ?? null),
    set: (name, value) => {
      attempt(`keep the setting ${name}`, () => (value === null ? erase.run(name) : upsert.run(name, value)));
    },
  };
}
