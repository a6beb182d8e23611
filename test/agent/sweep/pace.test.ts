import { describe, expect, it } from 'vitest';
import { Gate, PACES } from '../../../agent/sweep/pace.ts';

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('the gate', () => {
  it('lets only so many in at once, and everybody in the end', async () => {
    const gate = new Gate(3);
    let inside = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await soon();
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => gate.pass(task)));
    expect(most).toBe(3);
    expect(inside).toBe(0);
  });

  it('serves first come first, and hands back what the task gives', async () => {
    const gate = new Gate(1);
    const order: number[] = [];
    const tasks = [1, 2, 3].map((n) =>
      gate.pass(async () => {
        await soon();
        order.push(n);
        return n;
      }),
    );
    expect(await Promise.all(tasks)).toEqual([1, 2, 3]);
    expect(order).toEqual([1, 2, 3]);
  });

  it('lets fewer in once it is halved, while those inside go on, and everybody in the end', async () => {
    const gate = new Gate(8);
    let inside = 0;
    const seen: number[] = [];
    const task = async (): Promise<void> => {
      inside += 1;
      seen.push(inside);
      await soon();
      inside -= 1;
    };
    const tasks = Array.from({ length: 40 }, () => gate.pass(task));
    gate.halve(8);
    gate.halve(8);
    await Promise.all(tasks);
    expect(gate.width).toBe(4);
    expect(Math.max(...seen.slice(0, 8))).toBe(8);
    expect(Math.max(...seen.slice(8))).toBe(4);
    expect(seen).toHaveLength(40);
    await Promise.all(Array.from({ length: 10 }, () => gate.pass(task)));
    expect(Math.max(...seen.slice(40))).toBe(4);
  });

  it('gives a place back when its task fails', async () => {
    const gate = new Gate(1);
    await expect(gate.pass(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    expect(await gate.pass(async () => 'still open')).toBe('still open');
  });
});

describe('the paces', () => {
  it('leave 100 ms between connections to one host, 250 ms at the gentlest', () => {
    expect(Object.entries(PACES).map(([name, { pauseMs }]) => [name, pauseMs])).toEqual([
      ['gentle', 250],
      ['normal', 100],
      ['fast', 100],
    ]);
  });

  it('ask 50 or 500 new addresses a second, or as many as the kernel allows', () => {
    expect(Object.values(PACES).map((pace) => pace.addressesPerSecond)).toEqual([50, 500, Infinity]);
  });
});
