import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { type AlertAccount, expectAccounted } from './alerts.ts';
import { commandOf, folderBytes } from './program.ts';
import type { LogLine, SupervisedDaemon } from './supervised-daemon.ts';

/** What a fault is, for whoever reads docs/reliability.md. */
export interface Fault {
  /** Where it stands in the table. */
  readonly group: 'Process' | 'Storage' | 'Database' | 'Clock' | 'Network' | 'Broker' | 'Hostile LAN';
  /** What is done to the daemon, in one sentence. */
  readonly done: string;
  /** What must hold beyond what must hold after every fault. The test has to check it. */
  readonly holds: string;
  /** The line of the log that tells the owner; matched against its JSON, at level warn or error, or of standard error. */
  readonly told: RegExp;
  readonly timeoutMs?: number;
}

/** What is looked at after every fault. */
export interface Aftermath {
  readonly daemon: SupervisedDaemon;
  /** Read when everything was delivered that will be. */
  readonly alerts: () => AlertAccount;
  /** Largest size of the data directory, bytes; 32 MB unless the fault says otherwise. */
  readonly diskBytes?: number;
  /** Largest VmHWM, kB; the unit's MemoryHigh unless the fault says otherwise. */
  readonly memoryKb?: number;
  /** Where the daemon has to stay down until the owner acts: its exit code. Then nothing asks it whether it is alive. */
  readonly staysDown?: number;
}

/** Where the act says what it measured, for the table. */
export interface Notes {
  measured(text: string): void;
}

const DISK_BYTES = 32e6;
/** MemoryHigh of the unit. */
const MEMORY_KB = 128 * 1024;
const ALIVE_WITHIN_MS = 60_000;
const ACCOUNTED_WITHIN_MS = 90_000;
const TIMEOUT_MS = 120_000;

/**
 * A fault with a name. `act` brings it about, checks what it promises of its own, and returns what is to be looked at
 * afterwards: the daemon is alive or was restarted within a minute, the database is whole, no alert is lost or invented,
 * memory and disk are bounded, and one line of the log tells the owner.
 */
export function fault(name: string, plan: Fault, act: (notes: Notes) => Promise<Aftermath>): void {
  const { timeoutMs = TIMEOUT_MS, told, ...described } = plan;
  test(name, { timeout: timeoutMs + ACCOUNTED_WITHIN_MS + ALIVE_WITHIN_MS }, async ({ task }) => {
    const measured: string[] = [];
    // Kept as it goes along, so that the table of a run with failures says what is known.
    Object.assign(task.meta, { fault: described, measured });
    const aftermath = await act({ measured: (text) => measured.push(text) });
    measured.push(...(await expectWhole(aftermath)));
    Object.assign(task.meta, { told: expectTold(aftermath.daemon, told).message });
    console.log(`    ${measured.join('; ')}`);
  });
}

/** Checks what must hold after every fault, and says what it found. @throws AssertionError, Error */
async function expectWhole(aftermath: Aftermath): Promise<string[]> {
  const { daemon, alerts, diskBytes = DISK_BYTES, memoryKb = MEMORY_KB } = aftermath;
  const life = await expectAlive(aftermath);
  await untilAccounted(alerts);
  await expectIntegrity(daemon.dataDir);
  const bytes = folderBytes(daemon.dataDir);
  if (bytes > diskBytes) throw new Error(`the data directory has ${bytes} bytes, above ${diskBytes}`);
  if (daemon.peakKb > memoryKb) throw new Error(`VmHWM was ${daemon.peakKb} kB, above ${memoryKb}`);
  const { happened } = alerts();
  return [
    life,
    `${counted(happened.length, 'alert')}, none lost or invented`,
    `VmHWM ${(daemon.peakKb / 1024).toFixed(0)} MB`,
    `data ${(bytes / 1e6).toFixed(1)} MB`,
  ];
}

async function expectAlive({ daemon, staysDown }: Aftermath): Promise<string> {
  if (staysDown !== undefined) {
    const code = daemon.deaths.at(-1)?.code;
    if (daemon.state !== 'given-up' || code !== staysDown)
      throw new Error(
        `it should have stayed down with exit status ${staysDown}, not ${daemon.state}, ${code}`,
      );
    return `stays down with exit status ${staysDown}`;
  }
  await daemon.untilRunning(ALIVE_WITHIN_MS);
  await daemon.ask('status');
  const gaps = daemon.deaths.map(({ aliveAfterMs }) => aliveAfterMs ?? Number.POSITIVE_INFINITY);
  const longest = Math.max(0, ...gaps);
  if (longest > ALIVE_WITHIN_MS) throw new Error(`it was down for ${longest} ms`);
  return gaps.length === 0
    ? 'no restart'
    : `${counted(gaps.length, 'restart')}, the longest gap ${(longest / 1000).toFixed(1)} s`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Delivery takes its time; what is wrong for good stays wrong. */
async function untilAccounted(alerts: () => AlertAccount): Promise<void> {
  const deadline = performance.now() + ACCOUNTED_WITHIN_MS;
  for (;;) {
    try {
      expectAccounted(alerts());
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 250);
      });
    }
  }
}

/** `db check` looks at every page, index and reference. @throws Error with what it says of damage. */
export async function expectIntegrity(dataDir: string): Promise<void> {
  const [command, ...args] = commandOf('--data-dir', dataDir, 'db', 'check');
  await promisify(execFile)(command, args);
}

function expectTold({ log }: SupervisedDaemon, told: RegExp): LogLine {
  const line = log.find((each) => {
    return ['warn', 'error', 'stderr'].includes(each.level) && told.test(JSON.stringify(each));
  });
  if (line !== undefined) return line;
  const last = log.slice(-40).map((each) => JSON.stringify(each));
  throw new Error(`no line tells the owner ${String(told)}; the last ones:\n${last.join('\n')}`);
}
