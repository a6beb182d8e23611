import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, cidrRange, compareAddresses, fromNumber, toNumber } from '../../domain/address.ts';
import {
  type AttachedSubnet,
  type Coverage,
  coversWhole,
  expandTargets,
  type InterfaceAddress,
  MOST_ADDRESSES,
  parseTarget,
  surroundingsOf,
  TargetError,
} from '../../domain/target.ts';

const NO_OPTIONS = { exclude: [], attached: [], ownAddresses: [], force: false };

function attachedSubnet(cidr: string, address: Address): AttachedSubnet {
  return { ...cidrRange(cidr), interface: 'eth0', address, mac: '00:11:32:00:00:05', cidr };
}

const LAN = attachedSubnet('192.168.1.0/24', '192.168.1.5');

/** Coverage of targets as they are written. */
function expand(
  texts: readonly string[],
  options: Partial<Parameters<typeof expandTargets>[1]> = {},
): Coverage {
  return expandTargets(texts.map(parseTarget), { ...NO_OPTIONS, ...options });
}

function allOf(coverage: Coverage): Address[] {
  return [...coverage.onLink, ...coverage.routed, ...coverage.loopback].sort(compareAddresses);
}

describe('reading a target', () => {
  it.each([
    ['192.168.1.0/24', '192.168.1.0', '192.168.1.255', true],
    ['192.168.1.77/24', '192.168.1.0', '192.168.1.255', true],
    [' 10.0.0.0/30 ', '10.0.0.0', '10.0.0.3', true],
    ['192.168.1.10-192.168.1.40', '192.168.1.10', '192.168.1.40', false],
    ['192.168.1.10 - 192.168.1.40', '192.168.1.10', '192.168.1.40', false],
    ['192.168.1.10-40', '192.168.1.10', '192.168.1.40', false],
    ['192.168.1.250-192.168.2.5', '192.168.1.250', '192.168.2.5', false],
    ['192.168.1.20', '192.168.1.20', '192.168.1.20', false],
    ['100.64.0.1', '100.64.0.1', '100.64.0.1', false],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', false],
  ])('takes %j as %s to %s', (text, first, last, subnet) => {
    expect(parseTarget(text)).toEqual({
      text: text.trim(),
      first: toNumber(first),
      last: toNumber(last),
      subnet,
    });
  });

  it.each([
    ['', 'not an address, range or subnet'],
    ['nas.local', 'not an address, range or subnet'],
    ['192.168.1', 'not an address, range or subnet'],
    ['192.168.1.256', 'not an address, range or subnet'],
    ['192.168.01.20', 'not an address, range or subnet'],
    ['0xc0.168.1.20', 'not an address, range or subnet'],
    ['192.168.1.10-', 'not an address, range or subnet'],
    ['192.168.1.10-400', 'not an address, range or subnet'],
    ['192.168.1.10-20-30', 'not an address, range or subnet'],
    ['192.168.1.40-10', 'the range ends before it begins'],
    ['192.168.1.0/33', 'not a subnet in CIDR notation'],
    ['192.168.1/24', 'not a subnet in CIDR notation'],
    ['192.168.1.0/255.255.255.0', 'not a subnet in CIDR notation'],
    ['fd00::/64', 'IPv6 targets are not supported'],
  ])('refuses %j: %s', (text, why) => {
    expect(() => parseTarget(text)).toThrow(TargetError);
    expect(() => parseTarget(text)).toThrow(
      `target "${text}": ${why}. Write a subnet (192.168.1.0/24), a range (192.168.1.10-192.168.1.40) or an address`,
    );
  });

  it.each(['8.8.8.8', '1.1.1.0/24', '172.32.0.1', '192.168.0.0/15', '10.255.255.250-11.0.0.5', '0.0.0.0/0'])(
    'refuses %s, which is not all private',
    (text) => {
      expect(() => parseTarget(text)).toThrow(TargetError);
      expect(() => parseTarget(text)).toThrow(/not a private range. smbwarden sweeps only your own network/);
    },
  );
});

describe('expanding targets', () => {
  it('covers a subnet without its network and broadcast address', () => {
    expect(expand(['192.168.7.0/29']).routed).toEqual([1, 2, 3, 4, 5, 6].map((n) => `192.168.7.${n}`));
  });

  it('covers both addresses of a /31 and the one of a /32, which have no edges', () => {
    expect(expand(['10.0.0.4/31', '10.0.0.9/32']).routed).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.9']);
  });

  it('covers a range with both ends, but not the edges of an attached subnet', () => {
    expect(expand(['10.9.0.0-10.9.0.2']).routed).toEqual(['10.9.0.0', '10.9.0.1', '10.9.0.2']);
    expect(expand(['192.168.1.254-192.168.2.1'], { attached: [LAN] })).toMatchObject({
      onLink: ['192.168.1.254'],
      routed: ['192.168.2.0', '192.168.2.1'],
    });
  });

  it('leaves out what is excluded, and counts overlaps once', () => {
    const exclude = ['192.168.1.2-3', '192.168.1.6'].map(parseTarget);
    expect(
      expand(['192.168.1.0/29', '192.168.1.1-192.168.1.7'], { exclude, attached: [LAN] }).onLink,
    ).toEqual(['192.168.1.1', '192.168.1.4', '192.168.1.5']);
  });

  it('splits off our own addresses, which are looked at from the inside', () => {
    const coverage = expand(['192.168.1.0/29'], {
      attached: [LAN],
      ownAddresses: ['192.168.1.5', '10.8.0.1'],
    });
    expect(coverage.own).toEqual(['192.168.1.5']);
    expect(coverage.onLink).toEqual([
      '192.168.1.1',
      '192.168.1.2',
      '192.168.1.3',
      '192.168.1.4',
      '192.168.1.6',
    ]);
  });

  it('tells neighbours, routed addresses and loopback apart', () => {
    expect(expand(['192.168.2.9', '192.168.1.9', '127.0.0.1-2'], { attached: [LAN] })).toEqual({
      onLink: ['192.168.1.9'],
      routed: ['192.168.2.9'],
      loopback: ['127.0.0.1', '127.0.0.2'],
      own: [],
    });
  });

  it('takes up to 4,096 addresses, and says what to do about more', () => {
    expect(allOf(expand(['10.0.0.0/20']))).toHaveLength(MOST_ADDRESSES - 2);
    expect(allOf(expand(['10.0.0.1-10.0.16.0']))).toHaveLength(MOST_ADDRESSES);
    expect(() => expand(['10.0.0.1-10.0.16.1'])).toThrow(TargetError);
    expect(() => expand(['10.0.0.0/8'])).toThrow(
      'targets 10.0.0.0/8: 16,777,216 addresses are more than 4,096. ' +
        'Name a smaller subnet, or set "force: true" in the configuration',
    );
  });

  it('counts what remains: overlaps once, excluded addresses not at all', () => {
    expect(allOf(expand(['10.0.0.0/20', '10.0.0.0/20']))).toHaveLength(4_094);
    const exclude = [parseTarget('10.0.0.0/20')];
    expect(allOf(expand(['10.0.0.0/19'], { exclude }))).toHaveLength(4_095);
  });

  it('takes more than 4,096 addresses when forced', () => {
    expect(allOf(expand(['10.0.0.0/19'], { force: true }))).toHaveLength(8_190);
  });

  it('holds for any targets: private, ascending, once, without edges, excluded and own addresses', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const inLan = octet.map((n) => `192.168.1.${n}`);
    const target = fc.oneof(
      fc.tuple(inLan, fc.integer({ min: 24, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`),
      fc.tuple(octet, octet).map(([a, b]) => `192.168.1.${Math.min(a, b)}-${Math.max(a, b)}`),
      inLan,
    );
    const options = { minLength: 1, maxLength: 4 };
    fc.assert(
      fc.property(fc.array(target, options), fc.array(target, options), inLan, (wanted, unwanted, own) => {
        const targets = wanted.map(parseTarget);
        const exclude = unwanted.map(parseTarget);
        const coverage = expandTargets(targets, {
          exclude,
          attached: [LAN],
          ownAddresses: [own],
          force: false,
        });
        const numbers = coverage.onLink.map(toNumber);
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        expect(coverage.routed).toEqual([]);
        const edges = targets
          .filter((t) => t.subnet && t.last - t.first >= 3)
          .flatMap((t) => [t.first, t.last]);
        for (let number = LAN.first; number <= LAN.last; number += 1) {
          const isIn = (range: { first: number; last: number }) =>
            range.first <= number && number <= range.last;
          const isEdge = number === LAN.first || number === LAN.last || edges.includes(number);
          const isAsked = targets.some(isIn) && !exclude.some(isIn) && !isEdge && number !== toNumber(own);
          expect(numbers.includes(number), fromNumber(number)).toBe(isAsked);
        }
        expect(coverage.own).toEqual(
          targets.some((t) => t.first <= toNumber(own) && toNumber(own) <= t.last) ? [own] : [],
        );
      }),
    );
  });
});

describe('the default targets', () => {
  const interfaceAt = (name: string, cidr: string, mac = '00:11:32:00:00:05'): InterfaceAddress => ({
    interface: name,
    address: cidr.split('/')[0]!,
    cidr,
    mac,
  });

  it('are the private subnets of interfaces that have a MAC', () => {
    const { targets, skipped } = surroundingsOf([
      interfaceAt('lo', '127.0.0.1/8', '00:00:00:00:00:00'),
      interfaceAt('eth0', '192.168.1.5/24'),
      interfaceAt('wlan0', '10.0.0.7/22', '00:11:32:00:00:06'),
    ]);
    expect(targets).toEqual([
      attachedSubnet('192.168.1.0/24', '192.168.1.5'),
      { ...attachedSubnet('10.0.0.0/22', '10.0.0.7'), interface: 'wlan0', mac: '00:11:32:00:00:06' },
    ]);
    expect(skipped).toEqual([]);
  });

  it.each([
    'docker0',
    'docker_gwbridge',
    'br-0123456789ab',
    'virbr0',
    'virbr0-nic',
    'podman1',
    'lxcbr0',
    'lxdbr0',
  ])('skip %s, a bridge that container or VM software made for itself', (name) => {
    expect(surroundingsOf([interfaceAt(name, '172.17.0.1/16')])).toMatchObject({
      targets: [],
      skipped: [
        {
          interface: name,
          cidr: '172.17.0.0/16',
          reason: 'bridge that container or VM software made for itself',
        },
      ],
    });
  });

  it.each(['vmbr0', 'br0', 'br-lan', 'br-cafe', 'eth0', 'enp3s0', 'bond0.20'])(
    'keep %s, which carries the LAN',
    (name) => {
      expect(surroundingsOf([interfaceAt(name, '192.168.1.5/24')]).targets).toHaveLength(1);
    },
  );

  it.each([
    ['wg0', '10.8.0.2/24', '00:00:00:00:00:00', 'tunnel: the interface has no MAC'],
    ['eth0', '203.0.113.5/24', '00:11:32:00:00:05', 'not a private range'],
    ['eth0', '192.168.1.5/32', '00:11:32:00:00:05', 'a single address'],
    ['eth0', '10.0.0.5/16', '00:11:32:00:00:05', 'more than 4,096 addresses'],
    ['eth0', '169.254.3.7/16', '00:11:32:00:00:05', 'more than 4,096 addresses'],
  ])('skip %s %s and say why', (name, cidr, mac, reason) => {
    const { targets, skipped } = surroundingsOf([interfaceAt(name, cidr, mac)]);
    expect(targets).toEqual([]);
    expect(skipped).toMatchObject([{ interface: name, reason }]);
  });

  it('stop where all of them together would be more than 4,096 addresses', () => {
    const { targets, skipped } = surroundingsOf([
      interfaceAt('eth0', '10.0.0.5/21'),
      interfaceAt('eth1', '10.1.0.5/20'),
      interfaceAt('eth2', '10.2.0.5/24'),
    ]);
    expect(targets.map((subnet) => subnet.cidr)).toEqual(['10.0.0.0/21', '10.2.0.0/24']);
    expect(skipped).toMatchObject([
      { interface: 'eth1', reason: 'more than 4,096 addresses together with the others' },
    ]);
  });

  it('are attached all the same when they are not swept by default, so that naming them reaches them by ARP', () => {
    const { attached } = surroundingsOf([
      interfaceAt('docker0', '172.17.0.1/16'),
      interfaceAt('wg0', '10.8.0.2/24', '00:00:00:00:00:00'),
    ]);
    expect(attached.map((subnet) => subnet.interface)).toEqual(['docker0']);
  });

  it('take a /20, the largest that needs no force', () => {
    const { attached } = surroundingsOf([interfaceAt('eth0', '10.0.0.5/20')]);
    expect(allOf(expandTargets([parseTarget(attached[0]!.cidr)], { ...NO_OPTIONS, attached }))).toHaveLength(
      4_094,
    );
  });
});

describe('a subnet', () => {
  const attached = { ...cidrRange('192.168.1.0/29') };
  const coverage = (text: string, own: string, exclude: readonly string[] = []) =>
    expandTargets([parseTarget(text)], {
      exclude: exclude.map(parseTarget),
      attached: [
        { ...attached, interface: 'eth0', address: own, mac: '00:11:32:00:00:05', cidr: '192.168.1.0/29' },
      ],
      ownAddresses: [own],
      force: false,
    });

  it('is covered as a whole when every host is asked, ourselves aside', () => {
    expect(coversWhole(coverage('192.168.1.0/29', '192.168.1.3'), attached)).toBe(true);
    expect(coversWhole(coverage('192.168.0.0/20', '192.168.1.3'), attached)).toBe(true);
  });

  it('is not when somebody in it is excluded, or no target', () => {
    expect(coversWhole(coverage('192.168.1.0/29', '192.168.1.3', ['192.168.1.5']), attached)).toBe(false);
    expect(coversWhole(coverage('192.168.1.1-5', '192.168.1.3'), attached)).toBe(false);
    expect(coversWhole(coverage('192.168.1.4', '192.168.1.3'), attached)).toBe(false);
  });
});
