import { type ExecFileException, execFile } from 'node:child_process';

/** How a command ended. `code` is null when a signal ended it; text is UTF-8. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

export interface RunOptions {
  /** Default 30 s; then the command is killed and `timedOut` is true. */
  readonly timeoutMs?: number;
  /** Laid over this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to standard input, which is closed afterwards. */
  readonly input?: string;
}

/** Output beyond this is an error of the command. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a command to its end, without a shell. A bad exit status is a value; only a missing program throws. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      {
        timeout: options.timeoutMs ?? 30_000,
        killSignal: 'SIGKILL',
        maxBuffer: MOST_OUTPUT_BYTES,
        env: { ...process.env, ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error: ExecFileException | null, stdout, stderr) => {
        const code = error === null ? 0 : (error.code ?? null);
        if (typeof code === 'string') return reject(error);
        const durationMs = Math.round(performance.now() - startedAt);
        resolve({ code, stdout, stderr, durationMs, timedOut: error?.killed === true });
      },
    );
    // A command that ends without reading its input breaks the pipe; its exit status tells the story.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** Like `run`, for commands that the lab cannot do without. @throws Error with what the command printed. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const ran = await run(command, args, options);
  if (ran.code === 0) return ran;
  const outcome = ran.timedOut ? 'no end before the deadline' : `exit status ${ran.code}`;
  throw new Error(`${[command, ...args].join(' ')}: ${outcome}: ${ran.stderr.trim() || ran.stdout.trim()}`);
}

/** The run itself. @throws Error when it was ended at its deadline. */
export function ended(ran: Ran): Ran {
  if (ran.timedOut) throw new Error(`no end after ${ran.durationMs} ms: ${ran.stdout}${ran.stderr}`);
  return ran;
}
