import { destination, pino } from 'pino';
import { safeJson, visible } from '../domain/text.ts';

/** Messages are constant sentences; what varies goes into `fields`. An `error` field is written with name and message. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = keyof Log;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'auto' | 'text' | 'json' | 'journal';
  /** 1 for the daemon, 2 for the command line, whose standard output belongs to its report. */
  readonly fd: 1 | 2;
  readonly env: NodeJS.ProcessEnv;
  readonly isTty: boolean;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** Takes one finished line without its end. */
export type LineSink = (line: string) => void;

/**
 * The one log, written synchronously. `auto` means `journal` under systemd (level as `<N>` prefix, no time: the journal
 * has both), `text` on a terminal, else `json`. More than 30 lines of one message per minute are counted, not written.
 */
export function createLog(options: LogOptions, write: LineSink = writerTo(options.fd)): Log {
  const format = formatOf(options);
  const limiter = repeatLimiter(options.now);
  const logger = pino(
    {
      base: null,
      level: options.level,
      messageKey: 'message',
      errorKey: 'error',
      timestamp: () => (format === 'journal' ? '' : `,"time":"${new Date(options.now()).toISOString()}"`),
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS, censor: '***' },
    },
    { write: (line) => write(LAYOUTS[format](JSON.parse(line) as Line)) },
  );
  const at = (level: LogLevel) => (fields: object, message: string) => {
    const suppressed = level === 'debug' ? 0 : limiter(message);
    if (suppressed === null) return;
    logger[level](suppressed === 0 ? fields : { ...fields, suppressedBefore: suppressed }, message);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const SECRET_NAMES = ['password', 'credential', 'authorization'];
const SECRET_FIELDS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

interface Line {
  readonly level: string;
  readonly time?: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

type Format = Exclude<LogOptions['format'], 'auto'>;

function formatOf({ format, env, isTty }: LogOptions): Format {
  if (format !== 'auto') return format;
  if (env.JOURNAL_STREAM !== undefined) return 'journal';
  return isTty ? 'text' : 'json';
}

/** Syslog levels of sd-daemon(3). */
const JOURNAL_PREFIX: Readonly<Record<string, string>> = {
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
};

/** pino escapes C0 but lets other dangerous characters pass: each layout makes them visible. */
const LAYOUTS: Readonly<Record<Format, (line: Line) => string>> = {
  json: (line) => safeJson(line),
  journal: (line) => `${JOURNAL_PREFIX[line.level] ?? '<6>'}${safeJson(line)}`,
  text: ({ level, time = '', message, ...fields }) =>
    [
      new Date(time).toTimeString().slice(0, 8),
      level.padEnd(5),
      visible(message),
      ...Object.entries(fields).map(fieldText),
    ].join(' '),
};

function fieldText([name, value]: [string, unknown]): string {
  const { message } = (typeof value === 'object' && value !== null ? value : {}) as { message?: unknown };
  return `${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? visible(value) : safeJson(message ?? value)}`;
}

function writerTo(fd: number): LineSink {
  const sink = destination({ fd, sync: true });
  return (line) => sink.write(`${line}\n`);
}

const REPEAT_LIMIT = 30;
const REPEAT_WINDOW_MS = 60_000;

/** Per message: null while it is over its limit, else how many lines were dropped since it was last written. */
function repeatLimiter(now: () => number): (message: string) => number | null {
  const windows = new Map<string, { since: number; written: number; dropped: number }>();
  return (message) => {
    const known = windows.get(message);
    // A clock that is set back must not silence a message until it has caught up.
    if (known === undefined || Math.abs(now() - known.since) >= REPEAT_WINDOW_MS) {
      windows.set(message, { since: now(), written: 1, dropped: 0 });
      return known?.dropped ?? 0;
    }
    if (known.written < REPEAT_LIMIT) {
      known.written += 1;
      return 0;
    }
    known.dropped += 1;
    return null;
  };
}
