import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killHard, pidsIn, startTimeOf } from './processes.ts';
import { runOrThrow } from './run.ts';

/**
 * Everything that a lab makes carries its name: namespaces are `/run/netns/NAME-…`, its scratch folder is `NAME` in the
 * temporary directory. The name tells who built it: `smbw-PID-STARTTIME-RANDOM`. So a lab whose builder is dead can be
 * recognised, even after its process id was given to somebody else.
 */
const LAB_NAME = /^smbw-(\d+)-([0-9a-z]+)-[0-9a-f]{4}(?=$|-)/;

const NAMESPACES = '/run/netns';
const KILL_DEADLINE_MS = 10_000;

/** A name for a lab that this process builds, unused so far. */
export function newLabName(): string {
  return `smbw-${process.pid}-${startTimeOf(process.pid)}-${randomBytes(2).toString('hex')}`;
}

/** The scratch folder of a lab. */
export function labFolder(labName: string): string {
  return join(tmpdir(), labName);
}

/** Names of the labs, in no order, that still have a namespace or a folder though their builder is gone. */
export function deadLabs(): string[] {
  const names = [...namesIn(NAMESPACES), ...namesIn(tmpdir())]
    .map((name) => LAB_NAME.exec(name))
    .filter((match) => match !== null)
    .filter(([, pid, startTime]) => startTimeOf(Number(pid)) !== startTime)
    .map(([labName]) => labName);
  return [...new Set(names)];
}

/** Namespaces of a lab that exist, by full name. */
export function namespacesOf(labName: string): string[] {
  return namesIn(NAMESPACES).filter((name) => name.startsWith(`${labName}-`));
}

/**
 * Removes a lab from the machine: every process in its namespaces, the namespaces (their interfaces go with them), the
 * scratch folder. Idempotent. @throws Error when a process outlives SIGKILL for ten seconds.
 */
export async function demolish(labName: string): Promise<void> {
  const namespaces = namespacesOf(labName);
  const deadline = performance.now() + KILL_DEADLINE_MS;
  for (let pids = await pidsIn(namespaces); pids.length > 0; pids = await pidsIn(namespaces)) {
    if (performance.now() > deadline) throw new Error(`lab ${labName}: processes ${pids} do not die`);
    pids.forEach(killHard);
    await delay(20);
  }
  await runOrThrow('ip', ['-force', '-batch', '-'], {
    input: namespaces.map((name) => `netns delete ${name}\n`).join(''),
  });
  await rm(labFolder(labName), { recursive: true, force: true });
}

/**
 * Starts a process of its own session that demolishes the lab as soon as this process is gone, whatever ended it, SIGKILL
 * included: it waits for the end of a pipe that only we hold open. Returns the function that dismisses it.
 */
export function demolishWhenWeAreGone(labName: string): () => void {
  const lab = fileURLToPath(new URL('lab.ts', import.meta.url));
  const guard = spawn('sh', ['-c', 'read -r _; exec "$@"', 'sh', process.execPath, lab, 'down', labName], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  return () => guard.kill('SIGKILL');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
