import { expect, it } from 'vitest';
import { fragility } from '../../domain/fragile.ts';

const named = (name: string) => ({ 'netbios.names': [{ name, suffix: 0x00, group: false }] });

it.each([
  'NPI1A2B3C',
  'HP0017A4B2C3',
  'BRW008092A1B2C3',
  'BRN30055C123456',
  'EPSON1A2B3C',
  'KM1F2E3D',
  'SEC30CDA7',
])('takes %s for a printer', (name) => {
  expect(fragility(named(name))).toBe('looks like a printer by its NetBIOS name');
});

it.each(['NAS', 'DESKTOP-A1B2C3', 'HPLAPTOP', 'EPSONSCANSERVER', 'BROTHER', 'SECRETARY', ''])(
  'does not take %j for a printer',
  (name) => {
    expect(fragility(named(name))).toBeNull();
  },
);

it('does not call a host without a name fragile', () => {
  expect(fragility({})).toBeNull();
  expect(fragility({ 'netbios.names': null })).toBeNull();
});
