import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { DaemonStatus } from '../commands/context.ts';
import { askControl } from '../control.ts';
import type { Control, Unit } from './doctor-world.ts';
import { parseUnit, UNIT_PROPERTIES } from './systemd.ts';

/** What runs on this machine: the service as systemd sees it, the clock, the daemon itself. */

const TOOL_WITHIN_MS = 5_000;

/** systemctl(1) show; null where this machine was not booted with systemd, or it does not answer. */
export async function readUnit(): Promise<Unit | null> {
  if (!existsSync('/run/systemd/system')) return null;
  const shown = await runTool('systemctl', [
    'show',
    'smbwarden.service',
    `--property=${UNIT_PROPERTIES.join()}`,
  ]);
  return shown === null ? null : parseUnit(shown);
}

export async function clockIsSynchronised(): Promise<boolean | null> {
  const shown = await runTool('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  return shown === null || shown.trim() === '' ? null : shown.trim() === 'yes';
}

/** What the tool prints; null where it is not there or fails. */
async function runTool(name: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await promisify(execFile)(name, [...args], { timeout: TOOL_WITHIN_MS })).stdout;
  } catch {
    return null;
  }
}

/** The daemon's own word, over its socket at `path`. */
export async function askDaemon(path: string): Promise<Control> {
  try {
    const answer = await askControl(path, { command: 'status', args: null });
    if (answer === null) return { kind: 'silent', path };
    return { kind: 'answers', path, daemon: answer.result as DaemonStatus };
  } catch (error) {
    return { kind: 'failed', path, message: error instanceof Error ? error.message : String(error) };
  }
}

const PROGRAMS: readonly string[] = ['smbwarden.mjs', 'cli.ts'];

/** Processes `smbwarden run` in the network of this one; others see other hosts. */
export function runningDaemons(): number[] {
  const network = linkAt('/proc/self/ns/net');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => isDaemon(pid) && [network, null].includes(linkAt(`/proc/${pid}/ns/net`)))
    .map(Number);
}

function isDaemon(pid: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const program = words.findIndex((word) => PROGRAMS.includes(basename(word)));
    // Whoever starts it, such as timeout(1), has the same words in its command line.
    return basename(words[0] ?? '') === 'node' && program > 0 && words.includes('run', program + 1);
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

/** null where it may not be read. */
function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
