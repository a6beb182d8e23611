import { describe, expect, it } from 'vitest';
import type { SweepProgress, SweepReport } from '../../../agent/sweep/report.ts';
import { SweepStopped } from '../../../agent/sweep/request.ts';
import { type CarryOut, Sweeper, type SweepOrder } from '../../../agent/sweep/sweeper.ts';
import { homeReport } from '../../support/home-network.ts';
import { recordingLog } from '../../support/publisher-parts.ts';

const ALL: SweepOrder = { kind: 'sweep', targets: [], level: null };
const CHECK: SweepOrder = { kind: 'check', targets: ['192.168.1.21'], level: null };
const PROGRESS: SweepProgress = {
  addresses: 254,
  asked: 10,
  hostsUp: 1,
  hostsDone: 0,
  stage: 'asking hosts',
};

/** Sweeps that end when the test says so. */
function sweepsOnDemand() {
  const begun: SweepOrder[] = [];
  const endings: ((ending: SweepReport | Error) => void)[] = [];
  const progress: ((step: SweepProgress) => void)[] = [];
  const carryOut: CarryOut = (order, signal, onProgress) => {
    begun.push(order);
    progress.push(onProgress);
    return new Promise((resolve, reject) => {
      endings.push((ending) => (ending instanceof Error ? reject(ending) : resolve(ending)));
      signal.addEventListener('abort', () => reject(new SweepStopped('stopped')));
    });
  };
  const log = recordingLog();
  return { sweeper: new Sweeper(carryOut, log), begun, endings, progress, log };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the sweeper', () => {
  it('carries out an order and hands back its report', async () => {
    const { sweeper, endings } = sweepsOnDemand();
    const report = sweeper.sweep(ALL);
    expect(sweeper.isSweeping()).toBe(true);
    endings[0]?.(homeReport());
    expect(await report).toEqual(homeReport());
    expect(sweeper.isSweeping()).toBe(false);
  });

  it('shares one sweep between two orders for the same thing', async () => {
    const { sweeper, begun, endings } = sweepsOnDemand();
    const reports = [sweeper.sweep(ALL), sweeper.sweep({ ...ALL })];
    await settle();
    expect(begun).toHaveLength(1);
    endings[0]?.(homeReport());
    const [first, second] = await Promise.all(reports);
    expect(first).toBe(second);
  });

  it('never runs two sweeps at once: other orders wait their turn', async () => {
    const { sweeper, begun, endings } = sweepsOnDemand();
    const reports = [sweeper.sweep(ALL), sweeper.sweep(CHECK), sweeper.sweep({ ...CHECK })];
    await settle();
    expect(begun).toEqual([ALL]);
    endings[0]?.(homeReport());
    await settle();
    expect(begun).toEqual([ALL, CHECK]);
    endings[1]?.(homeReport());
    await Promise.all(reports);
    expect(begun).toHaveLength(2);
  });

  it('goes on after a sweep that failed, and logs it once', async () => {
    const { sweeper, endings, log } = sweepsOnDemand();
    const failing = sweeper.sweep(ALL);
    endings[0]?.(new Error('disk full'));
    await expect(failing).rejects.toThrow('disk full');
    const next = sweeper.sweep(ALL);
    endings[1]?.(homeReport());
    await next;
    expect(log.lines).toEqual(['error sweep failed']);
  });

  it('tells everybody who waits how far the sweep has come', async () => {
    const { sweeper, endings, progress } = sweepsOnDemand();
    const heard: [string, SweepProgress][] = [];
    const reports = [
      sweeper.sweep(ALL, (step) => heard.push(['first', step])),
      sweeper.sweep(ALL, (step) => heard.push(['second', step])),
    ];
    progress[0]?.(PROGRESS);
    endings[0]?.(homeReport());
    await Promise.all(reports);
    progress[0]?.(PROGRESS);
    expect(heard).toEqual([
      ['first', PROGRESS],
      ['second', PROGRESS],
    ]);
  });

  it('gives up the sweep under way when it is stopped, and takes no more orders', async () => {
    const { sweeper, begun, log } = sweepsOnDemand();
    const orders = [sweeper.sweep(ALL), sweeper.sweep(CHECK)].map((order) =>
      order.catch((error: unknown) => error),
    );
    await sweeper.stop();
    for (const error of await Promise.all(orders)) expect(error).toBeInstanceOf(SweepStopped);
    await expect(sweeper.sweep(ALL)).rejects.toThrow(SweepStopped);
    expect(begun).toEqual([ALL]);
    expect(log.lines).toEqual([]);
  });
});
