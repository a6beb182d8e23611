import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/build-lab.ts';
import { PYTHON } from '../lab/python-servers.ts';
import { type Packet, packetsIn } from './packets.ts';

const CAPTURE = fileURLToPath(new URL('capture.py', import.meta.url));
const READY_WITHIN_MS = 10_000;

/** Does some work while everything at the agent's interface is recorded. Resolves with its result and the packets in order. */
export async function captured<Result>(
  lab: Lab,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly packets: readonly Packet[] }> {
  const file = join(lab.folder, 'capture');
  const capture = lab.agent.spawn(PYTHON, [CAPTURE, 'eth0', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(capture, 'exit');
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!begins(file)) {
    if (performance.now() > deadline) throw new Error('test/bench/capture.py did not begin');
    await delay(20);
  }
  try {
    const result = await work();
    return { result, packets: packetsIn(readFileSync(file, 'utf8')) };
  } finally {
    capture.kill('SIGKILL');
    await exited;
  }
}

function begins(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').startsWith('ready');
  } catch {
    return false;
  }
}
