import type { CommandLog, GivenCommand } from '../domain/history.ts';
import type { Connection } from './database.ts';

interface CommandRow {
  readonly given_at: number;
  readonly source: GivenCommand['source'];
  readonly command: string;
  readonly args: string;
  readonly outcome: string;
}

/** Commands that changed something. */
export function commandLogIn({ db, attempt }: Connection): CommandLog {
  const insert = db.prepare<CommandRow>(`
    INSERT INTO commands (given_at, source, command, args, outcome)
    VALUES (:given_at, :source, :command, :args, :outcome)`);
  const newest = db.prepare<[number], CommandRow>('SELECT * FROM commands ORDER BY id DESC LIMIT ?');
  return {
    add: ({ at, args, ...command }) => {
      const row = { ...command, given_at: at, args: JSON.stringify(args ?? null) };
      attempt('log a command', () => insert.run(row));
    },
    newest: (limit) => attempt('read the commands', () => newest.all(limit).map(toCommand)),
  };
}

function toCommand({ given_at, source, command, args, outcome }: CommandRow): GivenCommand {
  return { at: given_at, source, command, args: JSON.parse(args) as unknown, outcome };
}
