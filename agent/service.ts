import type { SteadyStorage } from '../storage/steady-storage.ts';
import { controlPath, serveControl } from './control.ts';
import { Daemon, type DaemonOptions } from './daemon.ts';
import { makeDataDir } from './data-dir.ts';
import { Housekeeping } from './housekeeping.ts';
import { MemoryKeeper } from './memory.ts';
import { notifySystemd } from './notify.ts';
import { openOwnStorage } from './own-storage.ts';

/**
 * The daemon: builds the parts, serves until SIGTERM or SIGINT, and takes them apart in order. SIGHUP reads the
 * configuration again; a wrong one is reported and the old one stays in force.
 * @throws StorageError, ControlTaken, TargetError when it cannot begin.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  let { config } = options;
  for (;;) {
    const ended = await serve({ ...options, config });
    options.log.info({ reason: ended }, 'smbwarden has ended its work');
    if (ended === 'stop') return;
    try {
      config = options.reloadConfig();
      options.log.info({}, 'configuration read again');
    } catch (error) {
      options.log.error({ error }, 'configuration not read again: it is wrong, the old one stays in force');
    }
  }
}

async function serve(options: DaemonOptions): Promise<'stop' | 'reload'> {
  const { config, dataDir, log, now, version } = options;
  makeDataDir(dataDir);
  const daemon: { current: Daemon | null } = { current: null };
  const control = await serveControl(controlPath(dataDir), (request, report) => {
    if (daemon.current === null) throw new Error('the daemon is starting; try again in a moment');
    return daemon.current.answer(request, report);
  });
  const housekeeping = new Housekeeping({ keep: config.retention, log, now });
  let storage: SteadyStorage | null = null;
  try {
    storage = openOwnStorage(options, housekeeping, () => {
      control.renew().catch((error: unknown) => log.error({ error }, 'the control socket is gone'));
    });
    const memory = new MemoryKeeper();
    daemon.current = new Daemon(options, storage, housekeeping, memory);
    daemon.current.start();
    notifySystemd(['--ready'], process.env);
    log.info({ version, dataDir, pid: process.pid }, 'smbwarden is running');
    memory.afterStart();
    const ended = await askedToEnd();
    notifySystemd([ended === 'stop' ? 'STOPPING=1' : 'RELOADING=1'], process.env);
    return ended;
  } finally {
    // After a start that failed half-way too: an open connection would keep the process alive, serving nothing.
    await daemon.current?.stop();
    storage?.close();
    await control.close();
  }
}

function askedToEnd(): Promise<'stop' | 'reload'> {
  return new Promise((resolve) => {
    const end = (how: 'stop' | 'reload') => () => {
      for (const [name, listener] of listeners) process.removeListener(name, listener);
      resolve(how);
    };
    const listeners = [
      ['SIGTERM', end('stop')],
      ['SIGINT', end('stop')],
      ['SIGHUP', end('reload')],
    ] as const;
    for (const [name, listener] of listeners) process.once(name, listener);
  });
}
