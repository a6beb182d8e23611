import { expect, it } from 'vitest';
import { everExposed, firstAddress, hostIdOf, hostName, isGloballyAdministered } from '../../domain/host.ts';
import { sampleFinding, sampleHost, sampleIdentity } from '../support/samples.ts';

it('knows randomised MACs by bit 0x02 of their first byte', () => {
  expect(['00:11:32:aa:bb:cc', 'f4:5c:89:00:00:01'].map(isGloballyAdministered)).toEqual([true, true]);
  expect(['02:11:32:aa:bb:cc', 'da:a1:19:00:00:01'].map(isGloballyAdministered)).toEqual([false, false]);
});

it('makes the id of a host from its MAC', () => {
  expect(hostIdOf('00:11:32:aa:bb:cc')).toBe('h001132aabbcc');
});

it('calls a host by its NetBIOS name, else that of its NTLM challenge, else its address, its MAC, its id', () => {
  const host = sampleHost();
  expect(hostName(host)).toBe('NASLEGACY');
  const told = (computer: string | null) => ({ addresses: ['10.0.0.7'], ...sampleIdentity({ computer }) });
  expect(hostName({ ...host, facts: { ...host.facts, ...sampleIdentity({ computer: 'DESKTOP' }) } })).toBe(
    'NASLEGACY',
  );
  expect(hostName({ ...host, facts: told('DESKTOP') })).toBe('DESKTOP');
  expect(hostName({ ...host, facts: told(' ') })).toBe('10.0.0.7');
  expect(hostName({ ...host, facts: told(null) })).toBe('10.0.0.7');
  expect(hostName({ ...host, facts: { addresses: ['10.0.0.7'], 'smb.identity': null } })).toBe('10.0.0.7');
  expect(hostName({ ...host, facts: { addresses: ['10.0.0.7', '10.0.0.9'] } })).toBe('10.0.0.7');
  expect(hostName({ ...host, facts: {} })).toBe('00:11:32:aa:bb:cc');
  expect(hostName({ ...host, mac: null, facts: {} })).toBe('h001132aabbcc');
});

it('shows a host at its first address, or at none', () => {
  expect(firstAddress({ facts: { addresses: ['10.0.0.7', '10.0.0.9'] } })).toBe('10.0.0.7');
  expect(firstAddress({ facts: {} })).toBeNull();
});

it('remembers exposures that are resolved', () => {
  expect(everExposed(sampleHost({ findings: [sampleFinding({ state: 'resolved' })] }))).toBe(true);
  expect(everExposed(sampleHost({ findings: [] }))).toBe(false);
});
