import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Places } from '../../../agent/publish/places.ts';

it('lets so many in at once, and the others in the order in which they came', async () => {
  const places = new Places(2);
  const inside: string[] = [];
  const leave = new Map<string, () => void>();
  const visits = ['a', 'b', 'c', 'd'].map((name) =>
    places.take(async () => {
      inside.push(name);
      await new Promise<void>((resolve) => leave.set(name, resolve));
    }),
  );
  await turn();
  expect(inside).toEqual(['a', 'b']);
  leave.get('b')?.();
  await turn();
  expect(inside).toEqual(['a', 'b', 'c']);
  leave.get('a')?.();
  await turn();
  expect(inside).toEqual(['a', 'b', 'c', 'd']);
  for (const go of leave.values()) go();
  await Promise.all(visits);
});

it('gives a place back when the task fails', async () => {
  const places = new Places(1);
  await expect(places.take(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  expect(await places.take(async () => 'in')).toBe('in');
});
