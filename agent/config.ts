import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Document, LineCounter, parseDocument, stringify } from 'yaml';
import { durationText } from '../domain/duration.ts';
import { type Mistake, schemaMistakes, syntaxMistakes } from './config/mistakes.ts';
import { configSchema } from './config/schema.ts';

/** The checked configuration. Durations are milliseconds, `sweepInterval` is minutes, `mqtt.keepalive` seconds. */
export type Config = v.InferOutput<ReturnType<typeof configSchema>>;

/** What is wrong with the configuration, all of it. The command line exits 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** In the order of the file; empty when the file could not be read at all. */
  readonly mistakes: readonly Mistake[];

  constructor(message: string, mistakes: readonly Mistake[] = []) {
    super(message);
    this.mistakes = mistakes;
  }
}

/** Is the text a cron pattern that the scheduler takes? Comes from schedule.ts, which owns the cron library. */
export type CronCheck = (pattern: string) => boolean;

const DEFAULT_FILE = '/etc/smbwarden/config.yaml';

/**
 * The configuration that is in force, and the file it came from (null: no file, all defaults). `file` null means the
 * usual place, where a missing file is fine; a named file has to be there.
 * @throws ConfigError with every mistake at once, or when the file cannot be read.
 */
export function loadConfig(options: { readonly file: string | null; readonly isCronPattern?: CronCheck }): {
  readonly config: Config;
  readonly file: string | null;
} {
  const file = options.file ?? DEFAULT_FILE;
  const text = readText(file, options.file === null);
  return { config: parseConfig(text ?? '', file, options.isCronPattern), file: text === null ? null : file };
}

/**
 * The configuration that `text` (YAML) describes; `file` is its name in messages. A key without a value has its default.
 * @throws ConfigError with every mistake at once.
 */
export function parseConfig(text: string, file: string, isCronPattern: CronCheck = () => true): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = syntaxMistakes(document, lines);
  if (syntax.length > 0) throw configError(file, syntax);
  const schema = configSchema(isCronPattern);
  const value = withoutEmpty(contentOf(document, file)) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw configError(file, [
      { line: 1, path: '', message: 'the file must hold keys with values, such as "pace: gentle"' },
    ]);
  }
  const mistakes = schemaMistakes(schema, value, document, lines);
  if (mistakes.length > 0) throw configError(file, mistakes);
  return v.parse(schema, value);
}

/** The configuration as YAML that reads back to the same, except that the password is shown as `***`. */
export function configText(config: Config): string {
  return stringify(withoutSecrets(config));
}

/** The configuration as it is written in the file: durations as text, the password as `***`. */
export function withoutSecrets(config: Config): object {
  return {
    ...config,
    levels: { ...config.levels, smb1Every: durationText(config.levels.smb1Every) },
    retention: {
      changes: durationText(config.retention.changes),
      sweeps: durationText(config.retention.sweeps),
      ledger: durationText(config.retention.ledger),
      commands: durationText(config.retention.commands),
    },
    mqtt: { ...config.mqtt, password: config.mqtt.password === null ? null : '***' },
  };
}

function readText(file: string, mayBeMissing: boolean): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && mayBeMissing) return null;
    throw new ConfigError(
      `reading the configuration ${file}: ${code}. ${REMEDIES[code] ?? 'Check the file'}`,
    );
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT:
    'There is no such file; check --config and SMBWARDEN_CONFIG, or write one with "smbwarden config init"',
  EACCES: 'You may not read it: run as root, or as a member of the group smbwarden',
  EISDIR: 'That is a directory; name the file in it',
};

function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw configError(file, [{ line: null, path: '', message: (error as Error).message }]);
  }
}

/** Drops keys without a value, at every depth: whoever comments out the last line of a group means its defaults. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutEmpty(member)]));
}

function configError(file: string, mistakes: readonly Mistake[]): ConfigError {
  const lines = mistakes.map(({ line, path, message }) => {
    const place = [line === null ? '' : `line ${line}`, path].filter((part) => part !== '').join(': ');
    return `  ${place}${place === '' ? '' : ': '}${message}`;
  });
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`;
  return new ConfigError(`configuration ${file}: ${count}\n${lines.join('\n')}`, mistakes);
}
