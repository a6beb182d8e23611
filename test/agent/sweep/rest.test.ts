import { describe, expect, it } from 'vitest';
import { noRest, restOf, withSleepers } from '../../../agent/sweep/rest.ts';
import { unchanged } from '../../../domain/compare.ts';
import { type OwnersHosts, ownersHosts } from '../../../domain/owners-hosts.ts';
import { coverageOf, neighbour } from '../../support/open-asker.ts';
import { SAMPLE_TIME, sampleHost, sampleOwnersEntry } from '../../support/samples.ts';

const NAS = sampleHost();
const [ADDRESS = ''] = NAS.facts.addresses ?? [];
const ELSEWHERE = '192.168.1.77';
const ASLEEP = ownersHosts({ h001132aabbcc: sampleOwnersEntry({ letSleep: true }) });
const COVERAGE = coverageOf({ onLink: [ADDRESS, ELSEWHERE] });
const known = (host = NAS) => new Map([[host.id, host]]);

const rest = (
  neighbours: Readonly<Record<string, string | null>>,
  host = NAS,
  owners: OwnersHosts = ASLEEP,
) =>
  restOf(COVERAGE, {
    known: known(host),
    owners,
    neighbours: new Map(Object.entries(neighbours).map(([address, mac]) => [address, neighbour(mac)])),
    now: SAMPLE_TIME,
  });

describe('a sleeper', () => {
  it('is taken out of the coverage at the address where it is known', () => {
    expect(rest({})).toEqual({
      coverage: coverageOf({ onLink: [ELSEWHERE] }),
      asleep: new Map([[NAS.id, false]]),
    });
    expect(rest({ [ADDRESS]: null }).coverage.onLink).toEqual([ELSEWHERE]);
  });

  it('is taken out where the neighbour table shows it, and only there is it listed', () => {
    const { coverage, asleep } = rest({ [ELSEWHERE]: '00:11:32:aa:bb:cc' });
    expect(coverage.onLink).toEqual([]);
    expect(asleep).toEqual(new Map([[NAS.id, true]]));
  });

  it('leaves its address to another machine that has taken it over', () => {
    const { coverage, asleep } = rest({ [ADDRESS]: '00:11:32:00:00:01' });
    expect(coverage.onLink).toEqual([ADDRESS, ELSEWHERE]);
    expect(asleep).toEqual(new Map());
  });

  it('is taken out also where it was never met', () => {
    expect(
      restOf(COVERAGE, {
        known: new Map(),
        owners: ASLEEP,
        neighbours: new Map([[ELSEWHERE, neighbour('00:11:32:aa:bb:cc')]]),
        now: SAMPLE_TIME,
      }),
    ).toEqual({ coverage: coverageOf({ onLink: [ADDRESS] }), asleep: new Map() });
  });

  it('is never this very machine', () => {
    expect(rest({}, { ...NAS, isAgent: true }).coverage).toEqual(COVERAGE);
  });

  const later = SAMPLE_TIME + 60_000;
  const updatesFor = (host: typeof NAS, neighbours: Readonly<Record<string, string>>) =>
    withSleepers([], rest(neighbours, host), { known: known(host), owners: ASLEEP, at: later });

  it('is neither missed nor seen while it is there or may be', () => {
    expect(updatesFor(NAS, {})).toEqual([]);
    expect(updatesFor(NAS, { [ADDRESS]: '00:11:32:aa:bb:cc' })).toEqual([]);
    expect(updatesFor({ ...NAS, present: false, missedSweeps: 5 }, {})).toEqual([]);
  });

  it('is present again when the neighbour table lists it after it was gone', () => {
    const lost = { ...NAS, present: false, missedSweeps: 3 };
    const [update] = updatesFor(lost, { [ADDRESS]: '00:11:32:aa:bb:cc' });
    expect(update?.host).toEqual({ ...NAS, present: true, missedSweeps: 0 });
    expect(update?.changes).toMatchObject([
      { type: 'host_returned', summary: 'NASLEGACY is in the neighbour table again' },
    ]);
    expect(updatesFor({ ...lost, missedSweeps: 2 }, { [ADDRESS]: '00:11:32:aa:bb:cc' })[0]?.changes).toEqual(
      [],
    );
  });

  it('that was asked all the same has had its look, whatever came of it', () => {
    const world = { known: known(), owners: ASLEEP, at: later };
    const [silent] = withSleepers([], noRest(COVERAGE), world);
    expect(silent).toEqual(unchanged({ ...NAS, askedAt: { ...NAS.askedAt, look: later } }));
    const absent = { ...unchanged({ ...NAS, missedSweeps: 1 }), isNew: false };
    expect(withSleepers([absent], noRest(COVERAGE), world)).toEqual([
      { ...absent, host: { ...absent.host, askedAt: { ...NAS.askedAt, look: later } } },
    ]);
  });
});

it('adds nothing to the updates of hosts that may be asked', () => {
  const owners = ownersHosts({ h001132aabbcc: sampleOwnersEntry({ name: 'NAS' }) });
  const world = { known: known(), owners, at: SAMPLE_TIME };
  expect(withSleepers([], noRest(COVERAGE), world)).toEqual([]);
  expect(withSleepers([unchanged(NAS)], noRest(COVERAGE), { ...world, owners: new Map() })).toEqual([
    unchanged(NAS),
  ]);
});
