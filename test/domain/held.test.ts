import { expect, it } from 'vitest';
import { heldAt } from '../../domain/held.ts';
import type { OwnersEntry } from '../../domain/owners-hosts.ts';
import { SAMPLE_TIME, sampleHost, sampleOwnersEntry } from '../support/samples.ts';

const printer = sampleHost({ facts: { 'mdns.services': ['_ipp._tcp'] } });
const said = (word: Partial<OwnersEntry>) => ({
  ...printer,
  ownersWord: sampleOwnersEntry(word),
});

it('is not said of a host like any other', () => {
  expect(heldAt(sampleHost(), 'Synology Incorporated')).toBeNull();
});

it('is said of a fragile host with its kind and the sign of it', () => {
  const why = 'looks like a printer by its mDNS services';
  expect(heldAt(printer, null)).toEqual({ level: 'L2', why, lastAskedAt: null });
  expect(heldAt(sampleHost(), 'Axis Communications AB')).toMatchObject({
    level: 'L2',
    why: 'looks like a camera by the maker of its network card',
  });
});

it("is the owner's wish where there is one, deeper or less deep", () => {
  expect(heldAt(said({ levels: 'L4' }), null)).toMatchObject({ level: 'L4', why: "the owner's wish" });
  expect(heldAt(said({ levels: 'L1' }), null)).toMatchObject({ level: 'L1', why: "the owner's wish" });
});

it('says of a sleeper when it was last looked at', () => {
  const asleep = { level: 'L0', why: "asleep by the owner's wish", lastAskedAt: SAMPLE_TIME };
  expect(heldAt(said({ letSleep: true, levels: 'L4' }), null)).toEqual(asleep);
  expect(heldAt(said({ levels: 'L0' }), null)).toEqual(asleep);
  expect(heldAt(said({ letSleep: { timesADay: 2, between: '19:00-23:00' } }), null)?.why).toBe(
    "asleep by the owner's wish, but for 2 looks a day between 19:00 and 23:00",
  );
  expect(heldAt(said({ letSleep: { timesADay: 1, between: '19:00-23:00' } }), null)?.why).toBe(
    "asleep by the owner's wish, but for one look a day between 19:00 and 23:00",
  );
});

it('is never said of this very machine', () => {
  expect(heldAt({ ...said({ letSleep: true }), isAgent: true }, null)).toBeNull();
});
