import { readFileSync } from 'node:fs';
import { run } from './run.ts';

/** Ids of all processes in the network namespaces. */
export async function pidsIn(namespaces: readonly string[]): Promise<number[]> {
  const lists = await Promise.all(namespaces.map((name) => run('ip', ['netns', 'pids', name])));
  return lists.flatMap((list) => list.stdout.split('\n').filter(Boolean).map(Number));
}

/** Kills a process; one that is gone already is fine. */
export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Name of the command, at most 15 characters; empty when the process is gone. */
export function commandName(pid: number): string {
  return readProc(pid, 'comm')?.trim() ?? '';
}

/** When the process started, in base 36 of the kernel's clock ticks since boot; null: no such process, or a zombie. */
export function startTimeOf(pid: number): string | null {
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  // Fields 3 and up of proc_pid_stat(5): the second, the command in parentheses, may hold blanks.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? null : Number(fields[18]).toString(36);
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
