import { describe, expect, it } from 'vitest';
import type { HostId, HostRecord } from '../../domain/host.ts';
import { identify, MOST_ADDRESSES_OF_A_MAC, type SeenHost } from '../../domain/identity.ts';
import type { Observation, Sighting, Smb2Selection } from '../../domain/observation.ts';
import { sampleHost } from '../support/samples.ts';

const BURNT_IN = '00:11:32:aa:bb:cc';
const RANDOMISED = 'da:a1:19:00:00:01';

function sighting(address: string, mac: string | null, observations: readonly Observation[] = []): Sighting {
  return { address, mac, isAgent: false, observations, asked: [] };
}

function named(name: string): Observation {
  return { kind: 'node-status', names: [{ name, suffix: 0x20, group: false }], unitId: null };
}

function service(port: number, state: 'open' | 'closed' | 'filtered' | 'rejected'): Observation {
  return { kind: 'service', transport: 'tcp', port, state };
}

/** Identifies with ids `u1`, `u2` … for hosts that get a new one. */
function identifyAmong(known: readonly HostRecord[], sightings: readonly Sighting[]): SeenHost[] {
  let made = 0;
  const newId = (): HostId => `u${++made}`;
  return identify(sightings, new Map(known.map((host) => [host.id, host])), newId);
}

/** Who was seen where. */
function placesOf(seen: readonly SeenHost[]): Record<HostId, readonly string[] | undefined> {
  return Object.fromEntries(seen.map((host) => [host.id, host.facts.addresses]));
}

function withoutMac(id: HostId, address: string, name?: string): HostRecord {
  const names = name === undefined ? {} : { 'netbios.names': [{ name, suffix: 0x20, group: false }] };
  return sampleHost({ id, mac: null, facts: { addresses: [address], ...names } });
}

describe('a host with a MAC', () => {
  it('has an id made of a burnt-in MAC, known or not, wherever it is', () => {
    const sightings = [sighting('192.168.1.99', BURNT_IN)];
    expect(placesOf(identifyAmong([], sightings))).toEqual({ h001132aabbcc: ['192.168.1.99'] });
    expect(placesOf(identifyAmong([sampleHost()], sightings))).toEqual({ h001132aabbcc: ['192.168.1.99'] });
  });

  it('is recognised by a randomised MAC that is known, and gets an id of our own when it is not', () => {
    const phone = sampleHost({ id: 'u0123456789ab', mac: RANDOMISED });
    const sightings = [sighting('192.168.1.50', RANDOMISED)];
    expect(placesOf(identifyAmong([phone], sightings))).toEqual({ u0123456789ab: ['192.168.1.50'] });
    expect(identifyAmong([], sightings)).toMatchObject([{ id: 'u1', mac: RANDOMISED }]);
  });

  it('is whoever passed at that address before, when both have a randomised MAC and neither ever answered', () => {
    const facts = { addresses: ['192.168.1.50'], 'tcp/445': 'filtered' } as const;
    const phone = sampleHost({ id: 'u0123456789ab', mac: RANDOMISED, findings: [], facts });
    const another = 'de:ad:be:00:00:02';
    const at = (address: string, mac: string, seen: readonly Observation[] = []) =>
      identifyAmong([phone], [sighting(address, mac, seen)]).map(({ id }) => id);
    expect(at('192.168.1.50', another)).toEqual(['u0123456789ab']);
    expect(at('192.168.1.51', another)).toEqual(['u1']);
    expect(at('192.168.1.50', '00:11:32:00:00:99')).toEqual(['h001132000099']);
    expect(at('192.168.1.50', another, [service(445, 'closed')])).toEqual(['u1']);
    const both = [sighting('192.168.1.60', RANDOMISED), sighting('192.168.1.50', another)];
    expect(identifyAmong([phone], both).map(({ id }) => id)).toEqual(['u0123456789ab', 'u1']);
  });

  it('is one host at several addresses, also at first sight with a randomised MAC', () => {
    const sightings = ['10.0.0.10', '10.0.0.9'].map((address) => sighting(address, RANDOMISED));
    expect(placesOf(identifyAmong([], sightings))).toEqual({ u1: ['10.0.0.9', '10.0.0.10'] });
  });

  it('is never recognised by its address alone: another MAC there is another host', () => {
    const seen = identifyAmong([sampleHost()], [sighting('192.168.1.21', '00:11:32:00:00:99')]);
    expect(placesOf(seen)).toEqual({ h001132000099: ['192.168.1.21'] });
  });

  it('is not recognised at its address when no MAC is seen there', () => {
    expect(placesOf(identifyAmong([sampleHost()], [sighting('192.168.1.21', null)]))).toEqual({
      u1: ['192.168.1.21'],
    });
  });
});

describe('a host without a MAC', () => {
  it('is recognised by its address', () => {
    const known = [withoutMac('u_a', '10.9.0.5'), withoutMac('u_b', '10.9.0.6')];
    expect(placesOf(identifyAmong(known, [sighting('10.9.0.6', null)]))).toEqual({ u_b: ['10.9.0.6'] });
  });

  it('is recognised by its NetBIOS name when it has moved', () => {
    const seen = identifyAmong(
      [withoutMac('u_nas', '10.9.0.5', 'NAS')],
      [sighting('10.9.0.77', null, [named('NAS')])],
    );
    expect(placesOf(seen)).toEqual({ u_nas: ['10.9.0.77'] });
  });

  it('has not moved while somebody still answers at its address', () => {
    const sightings = [sighting('10.9.0.77', null, [named('NAS')]), sighting('10.9.0.5', null)];
    const seen = identifyAmong([withoutMac('u_nas', '10.9.0.5', 'NAS')], sightings);
    expect(placesOf(seen)).toEqual({ u1: ['10.9.0.77'], u_nas: ['10.9.0.5'] });
  });

  it('is not recognised by a name that two hosts had, nor does one host become two', () => {
    const twins = [withoutMac('u_a', '10.9.0.5', 'NAS'), withoutMac('u_b', '10.9.0.6', 'NAS')];
    expect(placesOf(identifyAmong(twins, [sighting('10.9.0.77', null, [named('NAS')])]))).toEqual({
      u1: ['10.9.0.77'],
    });
    const moved = ['10.9.0.77', '10.9.0.78'].map((address) => sighting(address, null, [named('NAS')]));
    expect(placesOf(identifyAmong([twins[0]!], moved))).toEqual({ u_a: ['10.9.0.77'], u1: ['10.9.0.78'] });
  });

  it('is new where neither address nor name is known', () => {
    const sightings = [sighting('10.9.0.8', null), sighting('10.9.0.9', null, [named('PC')])];
    expect(placesOf(identifyAmong([withoutMac('u_a', '10.9.0.5', 'NAS')], sightings))).toEqual({
      u1: ['10.9.0.8'],
      u2: ['10.9.0.9'],
    });
  });
});

describe('a MAC that answers for many addresses', () => {
  const addresses = (count: number) => Array.from({ length: count }, (_, i) => `192.168.1.${10 + i}`);

  it(`is a host up to ${MOST_ADDRESSES_OF_A_MAC} addresses`, () => {
    const seen = identifyAmong(
      [],
      addresses(4).map((address) => sighting(address, BURNT_IN)),
    );
    expect(placesOf(seen)).toEqual({ h001132aabbcc: addresses(4) });
  });

  it('is a router or proxy beyond that: the hosts behind it have no MAC', () => {
    const seen = identifyAmong(
      [],
      addresses(5).map((address) => sighting(address, BURNT_IN)),
    );
    expect(seen.map(({ mac, facts }) => [mac, facts.addresses])).toEqual(
      addresses(5).map((a) => [null, [a]]),
    );
  });

  it('may be this machine, which has as many addresses as it likes', () => {
    const seen = identifyAmong(
      [],
      addresses(6).map((address) => ({ ...sighting(address, BURNT_IN), isAgent: true })),
    );
    expect(seen).toMatchObject([{ id: 'h001132aabbcc', isAgent: true }]);
  });
});

describe('a host met at two addresses', () => {
  const selected: Smb2Selection = {
    dialect: '3.1.1',
    signing: 'enabled',
    encryptionSupported: true,
    cipher: null,
    compression: [],
    serverGuid: null,
    systemTime: 5_000,
    bootTime: null,
  };
  const speaksSmb1: Observation[] = [
    service(445, 'open'),
    { kind: 'smb2', port: 445, conversation: 'smb', selected },
    { kind: 'smb1', port: 445, answer: 'selected', signing: 'disabled', systemTime: null },
  ];
  const refusesSmb1: Observation[] = [
    service(445, 'closed'),
    { kind: 'smb2', port: 139, conversation: 'smb', selected: { ...selected, signing: 'required' } },
    { kind: 'smb1', port: 139, answer: 'refused', signing: null, systemTime: null },
  ];

  it('shows the most exposed of its services, of SMB 1 and of signing, in whichever order it was met', () => {
    const weak = { ...sighting('10.0.0.8', BURNT_IN, speaksSmb1), asked: ['smb1' as const] };
    const strong = sighting('10.0.0.9', BURNT_IN, refusesSmb1);
    for (const sightings of [
      [weak, strong],
      [strong, weak],
    ]) {
      const [seen, ...others] = identifyAmong([], sightings);
      expect(others).toEqual([]);
      expect(seen).toMatchObject({ asked: ['smb1'], systemTime: 5_000 });
      expect(seen!.facts).toMatchObject({
        addresses: ['10.0.0.8', '10.0.0.9'],
        'tcp/445': 'open',
        'smb.smb1': 'yes',
        'smb.signing.smb1': 'disabled',
        'smb.smb2': 'yes',
        'smb.signing.smb2': 'enabled',
      });
    }
  });

  it.each([
    ['open', 'rejected'],
    ['rejected', 'filtered'],
    ['filtered', 'closed'],
  ] as const)('shows a service that is %s at one address and %s at the other as the former', (more, less) => {
    for (const states of [
      [more, less],
      [less, more],
    ] as const) {
      const sightings = states.map((state, i) => sighting(`10.0.0.${i}`, BURNT_IN, [service(139, state)]));
      expect(identifyAmong([], sightings)[0]!.facts).toMatchObject({ 'tcp/139': more });
    }
  });

  it('keeps what only one address told', () => {
    const sightings = [
      sighting('10.0.0.8', BURNT_IN, [named('NAS')]),
      sighting('10.0.0.9', BURNT_IN, [service(135, 'open')]),
    ];
    expect(identifyAmong([], sightings)[0]!.facts).toMatchObject({
      'netbios.names': [{ name: 'NAS' }],
      'tcp/135': 'open',
    });
  });
});
