import { beforeEach, describe, expect, it } from 'vitest';
import { EventRelease } from '../../../agent/publish/event-release.ts';

let now: number;
let presence: { here: boolean };
let quietUntil: number | null;
/** What the relay was told, in order: held, or before when events count as having waited. */
let told: ('hold' | number)[];
let release: EventRelease;

beforeEach(() => {
  now = 1_000;
  presence = { here: true };
  quietUntil = null;
  told = [];
  release = new EventRelease({
    relay: { hold: () => told.push('hold'), release: (waitedUntil) => told.push(waitedUntil) },
    presence,
    quietUntil: () => quietUntil,
    now: () => now,
  });
});

describe('events', () => {
  it('wait until everything else is published', () => {
    release.look();
    release.published();
    expect(told).toEqual(['hold', 1_000]);
  });

  it('of the time before the first connection have not waited: their moment is that of the start', () => {
    now = 5_000;
    release.published();
    expect(told).toEqual([1_000]);
  });

  it('that occur while the link is down have waited until it is back', () => {
    release.published();
    release.linkDown();
    release.look();
    now = 9_000;
    release.published();
    expect(told).toEqual([1_000, 'hold', 9_000]);
  });

  it('that occur while Home Assistant is away have waited until it is there', () => {
    release.published();
    presence.here = false;
    release.look();
    now = 9_000;
    presence.here = true;
    release.look();
    expect(told).toEqual([1_000, 'hold', 9_000]);
  });

  it('of quiet hours have waited until these ended, whenever that is noticed', () => {
    quietUntil = 4_000;
    release.published();
    now = 9_000;
    quietUntil = null;
    release.look();
    expect(told).toEqual(['hold', 4_000]);
    expect(release.quietUntil()).toBeNull();
  });
});
