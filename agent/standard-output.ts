import { fstatSync, writeSync } from 'node:fs';

/** Standard output as commands use it. */
export interface StandardOutput {
  /** Hands the text on; see `write` for the errors of a file. */
  readonly out: (text: string) => void;
  /** Resolves once the text has left this process. @throws Error with `code`, such as ENOSPC. */
  readonly write: (text: string) => Promise<void>;
}

/**
 * Pipes, sockets and terminals are left to Node's stream, which reports their errors by its event `error`. Files are
 * written here: to that stream a short write, as on a disk that fills up, passes for a whole one, and what is missing is
 * missed by nobody (seen on Node 24.21).
 */
export function standardOutput(stream: NodeJS.WriteStream & { readonly fd: number }): StandardOutput {
  const kind = fstatSync(stream.fd);
  if (stream.isTTY || kind.isFIFO() || kind.isSocket()) {
    return {
      out: (text) => stream.write(text),
      write: (text) =>
        new Promise((resolve, reject) => {
          stream.write(text, (error) => (error ? reject(failure(error)) : resolve()));
        }),
    };
  }
  const out = (text: string): void => writeWhole(stream.fd, text);
  return { out, write: async (text) => out(text) };
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
  } catch (error) {
    throw failure(error as NodeJS.ErrnoException);
  }
}

function failure(error: NodeJS.ErrnoException): Error {
  const told = new Error(`writing to standard output: ${error.message}`, { cause: error });
  return Object.assign(told, { code: error.code });
}
