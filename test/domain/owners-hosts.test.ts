import { describe, expect, it } from 'vitest';
import {
  entryFor,
  hostKey,
  isLeftAsleep,
  lastLookAt,
  ownersHosts,
  withOwnersWord,
} from '../../domain/owners-hosts.ts';
import { SAMPLE_TIME, sampleHost, sampleIdentity, sampleOwnersEntry } from '../support/samples.ts';

describe('the key of an entry', () => {
  it.each([
    ['h001132aabbcc', 'mac 001132aabbcc'],
    ['00:11:32:AA:BB:CC', 'mac 001132aabbcc'],
    ['00-11-32-aa-bb-cc', 'mac 001132aabbcc'],
    ['001132aabbcc', 'mac 001132aabbcc'],
    ['u0123456789ab', 'id u0123456789ab'],
    ['192.168.1.21', 'address 192.168.1.21'],
    [' NASLEGACY ', 'name naslegacy'],
    ['Büro-PC', 'name büro-pc'],
    ['3com', 'name 3com'],
  ])('%j means %s', (text, key) => {
    expect(hostKey(text)).toBe(key);
  });

  it.each(['', '192.168.1.0/24', '192.168.1.300', '00:11:32', '00:11:32-aa-bb-cc', 'nas/', '-nas', 'a\x1bb'])(
    '%j means no host',
    (text) => {
      expect(hostKey(text)).toBeNull();
    },
  );
});

describe('the entry that means a host', () => {
  const host = sampleHost();
  const named = (owners: Record<string, string>) => {
    const entries = Object.entries(owners).map(([key, name]) => [key, sampleOwnersEntry({ name })] as const);
    return entryFor(ownersHosts(Object.fromEntries(entries)), host)?.name ?? null;
  };

  it.each(['h001132aabbcc', '00:11:32:AA:BB:CC', 'naslegacy', '192.168.1.21'])('is found by %s', (key) => {
    expect(named({ [key]: 'mine' })).toBe('mine');
  });

  it.each(['nas', '192.168.1.2', '00:11:32:aa:bb:cd', 'u001132aabbcc'])('is not found by %s', (key) => {
    expect(named({ [key]: 'mine' })).toBeNull();
  });

  it('is the one by MAC, then by name, then by address', () => {
    expect(named({ '192.168.1.21': 'address', NASLEGACY: 'name', h001132aabbcc: 'id' })).toBe('id');
    expect(named({ '192.168.1.21': 'address', NASLEGACY: 'name' })).toBe('name');
  });

  it('is found by the computer name of the NTLM challenge, but not by a workgroup', () => {
    const owners = ownersHosts({ desktop: sampleOwnersEntry(), workgroup: sampleOwnersEntry() });
    const names = [{ name: 'WORKGROUP', suffix: 0, group: true }];
    const facts = { 'netbios.names': names, ...sampleIdentity({ computer: 'DESKTOP' }) };
    expect(entryFor(owners, { ...host, facts })).toEqual(sampleOwnersEntry());
    expect(entryFor(owners, { ...host, facts: { 'netbios.names': names } })).toBeNull();
  });

  it('is found by the own id of a host without a lasting MAC', () => {
    const owners = ownersHosts({ u0123456789ab: sampleOwnersEntry({ note: 'phone' }) });
    const phone = { id: 'u0123456789ab', mac: '02:11:22:33:44:55', facts: {} };
    expect(entryFor(owners, phone)?.note).toBe('phone');
  });

  it('is laid over hosts, and over nothing else of them', () => {
    const other = sampleHost({ id: 'u000000000001', mac: null, facts: {} });
    const hosts = new Map([host, other].map((each) => [each.id, each]));
    const word = sampleOwnersEntry({ name: 'The NAS' });
    const labelled = withOwnersWord(hosts, ownersHosts({ NASLEGACY: word }));
    expect(labelled.get(host.id)).toEqual({ ...host, ownersWord: word });
    expect(labelled.get(other.id)).toEqual(other);
  });
});

describe('a host', () => {
  const host = sampleHost();

  it('is left asleep where the owner says so, by letSleep or by L0', () => {
    expect(isLeftAsleep(sampleOwnersEntry({ letSleep: true }), host, SAMPLE_TIME)).toBe(true);
    expect(isLeftAsleep(sampleOwnersEntry({ levels: 'L0' }), null, SAMPLE_TIME)).toBe(true);
    expect(isLeftAsleep(sampleOwnersEntry({ levels: 'L1' }), host, SAMPLE_TIME)).toBe(false);
    expect(isLeftAsleep(sampleOwnersEntry(), host, SAMPLE_TIME)).toBe(false);
  });

  it('is looked at within its budget, and then left asleep', () => {
    const allDay = sampleOwnersEntry({ letSleep: { timesADay: 1, between: '00:00-24:00' } });
    const tomorrow = SAMPLE_TIME + 86_400_000;
    expect(isLeftAsleep(allDay, null, SAMPLE_TIME)).toBe(false);
    expect(isLeftAsleep(allDay, host, SAMPLE_TIME + 1)).toBe(true);
    expect(isLeftAsleep(allDay, host, tomorrow)).toBe(false);
    expect(isLeftAsleep(allDay, { ...host, askedAt: { look: tomorrow } }, tomorrow)).toBe(true);
  });

  it('was last looked at when it answered, or when it was asked in vain', () => {
    expect(lastLookAt(host)).toBe(SAMPLE_TIME);
    expect(lastLookAt({ ...host, askedAt: { look: SAMPLE_TIME + 5 } })).toBe(SAMPLE_TIME + 5);
    expect(lastLookAt({ ...host, askedAt: { look: SAMPLE_TIME - 5 } })).toBe(SAMPLE_TIME);
  });
});
