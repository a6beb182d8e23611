import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Presence } from '../../../agent/publish/presence.ts';

function presenceOf() {
  const seen: string[] = [];
  const presence = new Presence({
    timing: { birthDelay: 10, releaseDelay: 60, awaitBirth: 100 },
    random: () => 0.5,
    onBirth: () => seen.push('birth'),
    onChange: () => seen.push(presence.here ? 'here' : 'away'),
  });
  onTestFinished(() => presence.close());
  return { presence, seen };
}

describe('Home Assistant', () => {
  test('counts as there when nothing was ever heard of it', () => {
    const { presence } = presenceOf();
    presence.linkUp();
    expect([presence.here, presence.canRemove]).toEqual([true, true]);
  });

  test('is away from its will until some time after its birth', async () => {
    const { presence, seen } = presenceOf();
    presence.linkUp();
    presence.message('offline', false);
    expect([presence.here, presence.canRemove]).toEqual([false, false]);
    presence.message('online', false);
    expect([presence.here, presence.canRemove]).toEqual([false, true]);
    await sleep(120);
    expect(seen).toEqual(['away', 'birth', 'here']);
  });

  test('is sent everything again when it is born without having said good-bye', async () => {
    const { presence, seen } = presenceOf();
    presence.linkUp();
    presence.message('online', false);
    expect(presence.here).toBe(true);
    await sleep(60);
    expect(seen).toEqual(['birth']);
  });

  test('counts as away after our own reconnect, but not for ever', async () => {
    const { presence, seen } = presenceOf();
    presence.linkUp();
    presence.linkDown();
    presence.linkUp();
    expect([presence.here, presence.canRemove]).toEqual([false, false]);
    await sleep(150);
    expect(seen).toEqual(['away', 'here']);
  });

  test('is not born by a message that was retained', async () => {
    const { presence, seen } = presenceOf();
    presence.linkUp();
    presence.message('online', true);
    await sleep(60);
    expect(seen).toEqual([]);
  });
});
