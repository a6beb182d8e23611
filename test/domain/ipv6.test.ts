import { describe, expect, it } from 'vitest';
import type { Facts, ServiceState, SigningPolicy } from '../../domain/facts.ts';
import {
  askableAddresses,
  type Ipv6Look,
  type Ipv6Neighbour,
  MOST_IPV6_ADDRESSES,
  observationOf,
  offersService,
} from '../../domain/ipv6.ts';
import type { Observation, Smb2Observation } from '../../domain/observation.ts';

const NAS = '00:11:32:aa:bb:cc';
const PC = '90:09:d0:00:00:22';
const LINK_LOCAL = 'fe80::20%eth0';
const UNIQUE_LOCAL = 'fd77::20';

const neighbour = (address: string, mac = NAS, device = 'eth0'): Ipv6Neighbour => ({ address, device, mac });
const nobody = () => [];

describe('the addresses that may be asked', () => {
  it('are link-local ones, with the zone they are reached through, and unique local ones', () => {
    const found = askableAddresses([neighbour(UNIQUE_LOCAL), neighbour('fe80::20')], ['eth0'], nobody);
    expect(found).toEqual(new Map([[NAS, { addresses: [LINK_LOCAL, UNIQUE_LOCAL], left: 0 }]]));
  });

  it.each([
    ['a global address', '2001:db8::20'],
    ['a global address of a provider', '2a02:8109:9d3f:1::20'],
    ['an address of IPv4 in disguise', '::ffff:192.168.1.20'],
    ['loopback', '::1'],
    ['the unspecified address', '::'],
    ['a multicast group', 'ff02::1'],
    ['a deprecated site-local address', 'fec0::20'],
    ['no address at all', 'fe80::20; rm'],
  ])('never are %s', (_, address) => {
    expect(askableAddresses([neighbour(address)], ['eth0'], nobody)).toEqual(new Map());
  });

  it('are of the given interfaces only', () => {
    const elsewhere = neighbour('fe80::9', PC, 'docker0');
    expect([...askableAddresses([neighbour('fe80::20'), elsewhere], ['eth0'], nobody).keys()]).toEqual([NAS]);
  });

  it('are told apart by MAC, each once', () => {
    const table = [neighbour('fe80::20'), neighbour('fe80::20'), neighbour('fe80::22', PC)];
    expect(
      [...askableAddresses(table, ['eth0'], nobody)].map(([mac, { addresses }]) => [mac, addresses]),
    ).toEqual([
      [NAS, [LINK_LOCAL]],
      [PC, ['fe80::22%eth0']],
    ]);
  });

  it('are four of a host at most, the known ones of each kind first, and the rest is counted', () => {
    const many = Array.from({ length: 19 }, (_, i) =>
      neighbour(`fd77::${(i + 1).toString(16).padStart(2, '0')}`),
    );
    const found = askableAddresses([...many, neighbour('fe80::20')], ['eth0'], () => [
      'fd77::13',
      'fd77::0a',
    ]);
    expect(found.get(NAS)).toEqual({
      addresses: [LINK_LOCAL, 'fd77::0a', 'fd77::13', 'fd77::01'],
      left: 20 - MOST_IPV6_ADDRESSES,
    });
  });
});

const service = (port: number, state: ServiceState): Observation => ({
  kind: 'service',
  transport: 'tcp',
  port,
  state,
});

function negotiated(dialect: '2.1' | '3.1.1', signing: SigningPolicy): Smb2Observation {
  const selected = {
    ...{ dialect, signing, encryptionSupported: true, cipher: null, compression: [], serverGuid: null },
    ...{ systemTime: null, bootTime: null },
  };
  return { kind: 'smb2', port: 445, conversation: 'smb', selected };
}

function look(address: string, ...observations: Observation[]): Ipv6Look {
  return { address, answered: observations.length > 0, observations };
}

describe('what the looks at a host amount to', () => {
  it('is nothing when no address has answered', () => {
    expect(observationOf([look(LINK_LOCAL)], {})).toBeNull();
  });

  it('is where it answered, each port, and the negotiate', () => {
    const said = [service(445, 'open'), negotiated('3.1.1', 'required'), service(139, 'closed')];
    expect(observationOf([look(LINK_LOCAL, ...said)], {})).toEqual({
      kind: 'ipv6',
      addresses: [LINK_LOCAL],
      states: { 139: 'closed', 445: 'open' },
      smb: { conversation: 'smb', selected: { dialect: '3.1.1', signing: 'required' } },
    });
  });

  it('leaves out what nothing can be said of, and what was asked by UDP', () => {
    const name: Observation = { kind: 'service', transport: 'udp', port: 137, state: 'closed' };
    expect(observationOf([look(LINK_LOCAL, service(445, 'unknown'), name)], {})?.states).toEqual({});
  });

  it('is the most exposed state and the weakest negotiate of several addresses', () => {
    const looks = [
      look(LINK_LOCAL, service(445, 'open'), negotiated('3.1.1', 'enabled')),
      look(UNIQUE_LOCAL, service(445, 'open'), negotiated('2.1', 'required'), service(139, 'open')),
      look('fd77::21', service(445, 'closed'), service(139, 'filtered')),
    ];
    expect(observationOf(looks, {})).toMatchObject({
      states: { 139: 'open', 445: 'open' },
      smb: { conversation: 'smb', selected: { dialect: '2.1', signing: 'enabled' } },
    });
  });

  it('tells how a negotiate ended that was none', () => {
    const hungUp: Observation = { kind: 'smb2', port: 445, conversation: 'hung-up', selected: null };
    expect(observationOf([look(LINK_LOCAL, service(445, 'open'), hungUp)], {})?.smb).toEqual({
      conversation: 'hung-up',
      selected: null,
    });
  });

  it('keeps addresses that are known and were not heard of now, four in all', () => {
    const known: Facts = { 'ipv6.addresses': ['fe80::20%eth0', 'fd77::1', 'fd77::2', 'fd77::3'] };
    const closed = service(445, 'closed');
    expect(observationOf([look('fd77::9', closed)], known)?.addresses).toEqual([
      ...[LINK_LOCAL, 'fd77::1', 'fd77::2', 'fd77::9'],
    ]);
    expect(observationOf([look(LINK_LOCAL, closed)], known)?.addresses).toEqual(known['ipv6.addresses']);
  });
});

describe('a port that was open', () => {
  const known: Facts = { 'tcp6/445': 'open', 'ipv6.addresses': [LINK_LOCAL, UNIQUE_LOCAL] };
  const stateOf = (...looks: readonly Ipv6Look[]) => observationOf(looks, known)?.states[445];
  const closed = service(445, 'closed');
  const elsewhere = service(139, 'closed');

  it('is closed once every address says so', () => {
    expect(stateOf(look(LINK_LOCAL, closed), look(UNIQUE_LOCAL, closed))).toBe('closed');
  });

  it('is closed although a unique local address, which may be of yesterday, is not heard of', () => {
    expect(stateOf(look(LINK_LOCAL, closed))).toBe('closed');
  });

  it('stays open while the link-local address is not heard of', () => {
    expect(stateOf(look(UNIQUE_LOCAL, closed))).toBeUndefined();
  });

  it('stays open while an address that was asked is silent', () => {
    expect(stateOf(look(LINK_LOCAL, closed), look(UNIQUE_LOCAL))).toBeUndefined();
  });

  it('stays open when it falls silent: nothing is said of it', () => {
    const silent = [service(445, 'filtered'), elsewhere];
    expect(stateOf(look(LINK_LOCAL, ...silent))).toBeUndefined();
    expect(observationOf([look(LINK_LOCAL, ...silent)], {})?.states[445]).toBe('filtered');
  });
});

it.each<[string, Facts, boolean]>([
  ['speaks SMB', { 'smb.conversation.445': 'smb' }, true],
  ['answers on 139', { 'netbios.session': 'refused' }, true],
  ['answers a bind', { 'rpc.bindAcknowledged': 'yes' }, true],
  ['has an open port that says nothing', { 'tcp/445': 'open', 'smb.conversation.445': 'silent' }, false],
  ['is closed', { 'tcp/445': 'closed', 'rpc.bindAcknowledged': 'no' }, false],
])('a host that %s offers a service: %#', (_, facts, offers) => {
  expect(offersService(facts)).toBe(offers);
});
