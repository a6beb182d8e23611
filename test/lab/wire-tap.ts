import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Lab } from './build-lab.ts';
import { type Packet, packetIn } from './packets.ts';
import { PYTHON } from './python-servers.ts';

const WIRE_TAP = fileURLToPath(new URL('wire-tap.py', import.meta.url));
const READY_WITHIN_MS = 10_000;

/** Does some work while everything at the agent's interface is recorded. Resolves with the packets in order of time. */
export async function packetsDuring(lab: Lab, work: () => Promise<unknown>): Promise<readonly Packet[]> {
  const file = join(lab.folder, `wire-${performance.now()}`);
  const tap = lab.agent.spawn(PYTHON, [WIRE_TAP, 'eth0', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(tap, 'exit');
  try {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!recordOf(file).startsWith('ready')) {
      if (performance.now() > deadline) throw new Error('test/lab/wire-tap.py did not begin');
      await delay(20);
    }
    await work();
    return packetsOf(recordOf(file));
  } finally {
    tap.kill('SIGKILL');
    await exited;
  }
}

/** A last line that is still being written is left out. */
function packetsOf(record: string): Packet[] {
  return record
    .split('\n')
    .slice(1, -1)
    .flatMap((line) => {
      const [seconds, way, hex = ''] = line.split(' ');
      const packet = packetIn(Buffer.from(hex, 'hex'), { at: Number(seconds) * 1_000, isOurs: way === '>' });
      return packet === null ? [] : [packet];
    });
}

function recordOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
