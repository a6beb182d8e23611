import { readdirSync, readFileSync, statSync } from 'node:fs';

/** How a process is, as the kernel tells it. Memory in kB of 1,024 bytes, as in proc_pid_status(5). */
export interface Vitals {
  readonly rssKb: number;
  /** Without the pages of files, two thirds of which are the runtime's own binary. */
  readonly anonKb: number;
  /** The most that RSS has been. */
  readonly peakKb: number;
  readonly threads: number;
  /** Open file descriptors. */
  readonly descriptors: number;
}

/** Of the process now. @throws Error when it is gone. */
export function vitalsOf(pid: number): Vitals {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    rssKb: read('VmRSS'),
    anonKb: read('RssAnon'),
    peakKb: read('VmHWM'),
    threads: read('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** The kernel counts in hundredths of a second. */
const TICK_MS = 10;

/** Processor time that the process has used, user and system, milliseconds; its children are not counted. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 and 15 of proc_pid_stat(5); the second, the command in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Bytes of a file; 0 where there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
