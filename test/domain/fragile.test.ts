import { describe, expect, it } from 'vitest';
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
  expect(fragility(named(name), null)?.why).toBe('looks like a printer by its NetBIOS name');
});

it.each(['NAS', 'DESKTOP-A1B2C3', 'HPLAPTOP', 'EPSONSCANSERVER', 'BROTHER', 'SECRETARY', ''])(
  'does not take %j for a printer',
  (name) => {
    expect(fragility(named(name), null)).toBeNull();
  },
);

it('does not call a host without a name fragile', () => {
  expect(fragility({}, null)).toBeNull();
  expect(fragility({ 'netbios.names': null }, null)).toBeNull();
});

describe('by what it announces', () => {
  const announcing = (...services: string[]) => fragility({ 'mdns.services': services }, null)?.class ?? null;

  it('a printer is known by its print services', () => {
    expect(announcing('_pdl-datastream._tcp')).toBe('printer');
    expect(announcing('_ipp._tcp', '_smb._tcp')).toBe('printer');
    expect(fragility({ 'mdns.services': ['_printer._tcp'] }, null)?.why).toBe(
      'looks like a printer by its mDNS services',
    );
  });

  it.each(['_workstation._tcp', '_device-info._tcp', '_sftp-ssh._tcp', '_nfs._tcp', '_adisk._tcp'])(
    'a computer that shares a printer is no printer: %s',
    (service) => {
      expect(announcing('_ipp._tcp', '_pdl-datastream._tcp', service)).toBeNull();
    },
  );

  it('a phone is known by its synchronisation, and has no port tried', () => {
    expect(fragility({ 'mdns.services': ['_apple-mobdev2._tcp'] }, null)).toMatchObject({
      class: 'phone',
      deepest: 'L1',
      ports: 'none',
    });
  });

  it('a host that announces nothing telling is not fragile', () => {
    expect(announcing()).toBeNull();
    expect(announcing('_smb._tcp')).toBeNull();
  });
});

describe('by the maker of its network card', () => {
  it.each([
    ['Brother industries, LTD.', 'printer'],
    ['Seiko Epson Corporation', 'printer'],
    ['LEXMARK INTERNATIONAL, INC.', 'printer'],
    ['KYOCERA Document Solutions Inc.', 'printer'],
    ['Axis Communications AB', 'camera'],
    ['Hangzhou Hikvision Digital Technology Co.,Ltd.', 'camera'],
    ['Zhejiang Dahua Technology Co., Ltd.', 'camera'],
    ['Reolink Innovation Limited', 'camera'],
    ['Siemens AG', 'controller'],
    ['Beckhoff Automation GmbH', 'controller'],
    ['Phoenix Contact GmbH & Co. KG', 'controller'],
    ['Schneider Electric', 'controller'],
    ['AMERICAN POWER CONVERSION CORP', 'ups'],
    ['Eaton Corporation', 'ups'],
    ['Espressif Inc.', 'small-device'],
    ['Tuya Smart Inc.', 'small-device'],
  ])('%s makes a %s', (vendor, kind) => {
    expect(fragility({}, vendor)).toMatchObject({ class: kind, deepest: 'L2', ports: 'usual' });
  });

  it.each([
    'HP Inc.',
    'Hewlett Packard',
    'Synology Incorporated',
    'Samsung Electronics Co.,Ltd',
    'Apple, Inc.',
  ])('%s makes computers, too', (vendor) => {
    expect(fragility({}, vendor)).toBeNull();
  });

  it.each([
    'AXIS CORPORATION',
    'Peter Huber Kaeltemaschinenbau SE',
    'RING ACCESS, INC.',
    'ARLOTTO COMNET, INC.',
  ])('is read as a whole: %s is somebody else', (vendor) => {
    expect(fragility({}, vendor)).toBeNull();
  });
});
