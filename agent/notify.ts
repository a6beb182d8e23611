import { spawn } from 'node:child_process';

/**
 * Tells systemd how the service is (sd_notify(3)). Node has no datagram sockets of the AF_UNIX kind, so systemd-notify
 * is run for each message; without NOTIFY_SOCKET nothing happens.
 */
export function notifySystemd(states: readonly string[], env: NodeJS.ProcessEnv): void {
  if (env.NOTIFY_SOCKET === undefined) return;
  const child = spawn('systemd-notify', states, { stdio: 'ignore' });
  child.on('error', () => {});
}

/** How often to ping: a third of WatchdogSec, in milliseconds; null when systemd does not watch. */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv): number | null {
  const microseconds = Number(env.WATCHDOG_USEC);
  return Number.isFinite(microseconds) && microseconds > 0 ? microseconds / 3_000 : null;
}
