import { describe, expect, it } from 'vitest';
import { ASPECT_ALIASES, ASPECTS, type AspectValue, factAspect } from '../../domain/aspect.ts';
import { type FactName, type Facts, factNames, type Share } from '../../domain/facts.ts';
import { OLD_NAS } from '../support/home-network.ts';
import { sampleIdentity } from '../support/samples.ts';

const CLOSED: Facts = { 'tcp/139': 'closed', 'tcp/445': 'rejected' };
const share = (overrides: Partial<Share>): Share => ({
  name: 'music',
  type: 'disk',
  comment: '',
  readable: 'no',
  writable: 'no',
  ...overrides,
});
const anonymous = (...shares: Share[]): Facts => ({
  'smb.anonymous.session': 'yes',
  'smb.anonymous.shares': shares,
});

describe('an aspect', () => {
  it.each<[string, Facts, AspectValue | undefined]>([
    ['smb1', {}, undefined],
    ['smb1', { 'smb.smb1': 'yes' }, 'yes'],
    ['smb1', { 'smb.smb1': 'yes', ...CLOSED }, 'no'],
    ['signing', { 'smb.signing.smb1': null, 'smb.signing.smb2': 'required' }, 'required'],
    ['signing', { 'smb.signing.smb1': 'disabled', 'smb.signing.smb2': 'required' }, 'disabled'],
    ['signing', { 'smb.signing.smb2': 'required', ...CLOSED }, undefined],
    ['encryption', { 'smb.encryption.supported': 'no' }, 'no'],
    ['encryption', { 'smb.encryption.supported': 'yes' }, 'supported'],
    ['encryption', { 'smb.encryption.supported': 'yes', 'smb.encryption.required': 'yes' }, 'required'],
    ['guest', { 'smb.anonymous.session': 'no', 'smb.anonymous.shares': null }, 'no'],
    ['guest', { 'smb.anonymous.session': 'yes', 'smb.anonymous.shares': null }, 'session'],
    ['guest', anonymous(share({})), 'list'],
    ['guest', anonymous(share({}), share({ readable: 'yes' })), 'read'],
    ['guest', anonymous(share({ readable: 'yes', writable: 'yes' })), 'write'],
    [
      'guest',
      {
        ...anonymous(share({})),
        'smb.guest.session': 'yes',
        'smb.guest.shares': [share({ writable: 'yes' })],
      },
      'write',
    ],
    ['guest', { ...anonymous(share({ readable: 'yes' })), ...CLOSED }, 'no'],
    ['netbios', { 'netbios.names': null }, 'no'],
    ['netbios', { 'netbios.names': [] }, 'yes'],
    ['dialect', { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1' }, '3.1.1'],
    ['dialects', {}, undefined],
    ['dialects', { 'smb.smb1': 'yes', 'smb.smb2': 'no' }, ['NT LM 0.12']],
    ['ciphers', OLD_NAS.facts, ['AES-128-GCM', 'AES-128-CCM']],
    ['shares', {}, undefined],
    ['shares', { 'smb.anonymous.shares': null }, null],
    [
      'shares',
      { ...anonymous(share({})), 'smb.guest.shares': [share({}), share({ name: 'tax' })] },
      ['music', 'tax'],
    ],
    ['name', OLD_NAS.facts, 'NASLEGACY'],
    ['workgroup', OLD_NAS.facts, 'WORKGROUP'],
    ['os', sampleIdentity(), 'Samba'],
    ['address', { addresses: [] }, undefined],
    ['address', OLD_NAS.facts, ['192.168.1.21']],
  ])('%s of %j is %j', (name, facts, value) => {
    expect(ASPECTS.find((each) => each.name === name)?.valueOf(facts)).toEqual(value);
  });

  it.each(ASPECTS)('$name names every fact that it is read from', (aspect) => {
    const read = new Set<string | symbol>();
    const watched = (facts: Facts) =>
      new Proxy(facts, {
        get: (target, key) => {
          read.add(key);
          return Reflect.get(target, key) as unknown;
        },
      });
    for (const facts of [OLD_NAS.facts, CLOSED, {}]) aspect.valueOf(watched(facts));
    expect([...read].filter((name) => !aspect.facts.includes(name as FactName))).toEqual([]);
  });

  it('is there for every fact, with words that are harmless', () => {
    for (const name of factNames(OLD_NAS.facts)) {
      const aspect = factAspect(name);
      const value = aspect.valueOf(OLD_NAS.facts);
      expect(value, name).not.toBeUndefined();
      expect(aspect.inWords(value ?? null), name).not.toBe('');
    }
    const named = factAspect('netbios.names');
    const hostile: Facts = { 'netbios.names': [{ name: '\u001b[2J', suffix: 0, group: false }] };
    expect(named.inWords(named.valueOf(hostile) ?? null)).toBe('\\x1b[2J<00>');
    const shares = ASPECTS.find(({ name }) => name === 'shares')!;
    expect(shares.inWords(['\u202ecod'])).toBe('\\u202ecod');
  });

  it('has aliases that lead to one', () => {
    const names = [...ASPECTS.map(({ name }) => name), 'tcp/445', ...factNames(OLD_NAS.facts)];
    expect(Object.values(ASPECT_ALIASES).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('says which family a service is reached over', () => {
    expect(factAspect('tcp/445').label).toBe('TCP 445');
    expect(factAspect('udp/137').label).toBe('UDP 137');
    expect(factAspect('tcp6/445').label).toBe('TCP 445 over IPv6');
  });

  it('has the tone that a rule gives to its port', () => {
    expect(factAspect('tcp/139').toneOf('open')).toBe('exposed');
    expect(factAspect('tcp/445').toneOf('open')).toBe('neutral');
    expect(factAspect('tcp/445').toneOf('filtered')).toBe('guarded');
    expect(factAspect('tcp/445').inWords('filtered')).toBe('filtered (no answer)');
  });
});
