import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * The control socket: how a command reaches the process that owns the database. One request a connection, as one line
 * of JSON; answers are lines too: any number of `{"progress":…}`, then `{"ok":true,"result":…}` or
 * `{"ok":false,"error":"…"}`. File permissions are the only authentication, so nothing here reaches beyond what the
 * command line offers. Owning the socket is also the lock: whoever holds it is the one process that sweeps.
 */

export interface ControlRequest {
  readonly command: string;
  readonly args: unknown;
}

/** Carries out a request. What it throws goes back as an error text. */
export type ControlHandler = (
  request: ControlRequest,
  report: (progress: unknown) => void,
) => Promise<unknown>;

/** Somebody else owns the socket: a daemon, or a sweep from the command line. */
export class ControlTaken extends Error {
  override readonly name = 'ControlTaken';
}

const LONGEST_REQUEST = 16 * 1024;
/** sun_path of unix(7), its NUL not counted. */
const LONGEST_PATH = 107;
const SYSTEM_DATA_DIR = '/var/lib/smbwarden';
const SYSTEM_RUNTIME_DIR = '/run/smbwarden';

/** Where the socket of a data directory lies: the runtime directory of the system service, else the data directory. */
export function controlPath(dataDir: string): string {
  return join(dataDir === SYSTEM_DATA_DIR ? SYSTEM_RUNTIME_DIR : dataDir, 'control.sock');
}

/**
 * Takes the socket at `path` and answers on it until `close`. A socket file that nobody answers on is replaced. `renew`
 * takes it again where its file was deleted; whoever is connected stays so.
 * @throws ControlTaken when somebody answers; Error with the code of listen(2) when the place cannot be used.
 */
export async function serveControl(
  path: string,
  handler: ControlHandler,
): Promise<{ close: () => Promise<void>; renew: () => Promise<void> }> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new Error(`control socket ${path}: longer than ${LONGEST_PATH} bytes; use a shorter --data-dir`);
  }
  const sockets = new Set<Socket>();
  const take = async (): Promise<Server> => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      void answer(socket, handler);
    });
    await listen(server, path).catch((error: unknown) => {
      throw placeTrouble(path, error);
    });
    await chmod(path, 0o660);
    return server;
  };
  let server = await take();
  return {
    renew: async () => {
      // First, because it deletes whatever file has its path.
      server.close();
      server = await take();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.end();
      setTimeout(() => destroyAll(sockets), 500).unref();
      await closed;
    },
  };
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

async function listen(server: Server, path: string): Promise<void> {
  try {
    await tryListen(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const somebody = await connectTo(path);
    if (somebody !== null) {
      somebody.destroy();
      throw new ControlTaken(`another smbwarden is using ${path}`);
    }
    await unlink(path);
    await tryListen(server, path);
  }
}

/** What stands in the way of a socket at `path`, in words, under the code of the system call; else the error as it is. */
function placeTrouble(path: string, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  const said = UNUSABLE[code];
  if (said === undefined) return error;
  const advice = 'Mend that, or name another directory with --data-dir';
  return Object.assign(new Error(`control socket ${path}: ${said} (${code}). ${advice}`, { cause: error }), {
    code,
  });
}

const UNUSABLE: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  // libuv reports a missing directory like this, too.
  EACCES: 'there is no such directory, or this user may not write in it',
};

function tryListen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function answer(socket: Socket, handler: ControlHandler): Promise<void> {
  const send = (line: object): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(line)}\n`);
  };
  try {
    const request = readRequest(await firstLine(socket, LONGEST_REQUEST));
    send({ ok: true, result: await handler(request, (progress) => send({ progress })) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    send({ ok: false, error: message, name });
  }
  socket.end();
}

function readRequest(line: string): ControlRequest {
  const request: unknown = JSON.parse(line);
  if (
    typeof request !== 'object' ||
    request === null ||
    !('command' in request) ||
    typeof request.command !== 'string'
  ) {
    throw new Error('not a request');
  }
  return { command: request.command, args: 'args' in request ? request.args : null };
}

function firstLine(socket: Socket, most: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setTimeout(5_000, () => reject(new Error('no request within 5 s')));
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= most) return;
      socket.off('data', read).resume();
      socket.setTimeout(0);
      if (end >= 0) resolve(text.slice(0, end));
      else reject(new Error(`request longer than ${most} bytes`));
    };
    socket.on('data', read);
    socket.on('close', () => reject(new Error('hung up before the request was complete')));
  });
}

/** An error that the owner of the socket sent back; `remoteName` is the name of the error there. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly remoteName: string;

  constructor(message: string, remoteName: string) {
    super(message);
    this.remoteName = remoteName;
  }
}

/**
 * Sends one request to whoever owns the socket and resolves with its result; null when nobody answers there.
 * @throws ControlError with the owner's own words; Error when this user may not use the socket.
 */
export async function askControl(
  path: string,
  request: ControlRequest,
  onProgress: (progress: unknown) => void = () => {},
): Promise<{ readonly result: unknown } | null> {
  const socket = await connectTo(path);
  if (socket === null) return null;
  socket.write(`${JSON.stringify(request)}\n`);
  // Not for the daemon, which only answers.
  const { createInterface } = await import('node:readline');
  try {
    for await (const line of createInterface({ input: socket })) {
      const answered = JSON.parse(line) as {
        progress?: unknown;
        ok?: boolean;
        result?: unknown;
        error?: string;
        name?: string;
      };
      if (answered.ok === true) return { result: answered.result };
      if (answered.ok === false)
        throw new ControlError(answered.error ?? 'refused', answered.name ?? 'Error');
      onProgress(answered.progress);
    }
  } finally {
    socket.destroy();
  }
  throw new Error(`${path}: hung up without an answer`);
}

function connectTo(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else reject(new Error(`control socket ${path}: ${error.code ?? error.message}`, { cause: error }));
    });
  });
}
