import { describe, expect, it } from 'vitest';
import { platformOf } from '../../domain/platform.ts';
import { GOOD_PC, OLD_NAS, QUIET_PRINTER } from '../support/home-network.ts';
import { sampleHost } from '../support/samples.ts';

describe('the platform of a host', () => {
  it.each([
    ['Synology Incorporated', 'Synology'],
    ['QNAP Systems, Inc.', 'QNAP'],
    ['iXsystems, Inc.', 'TrueNAS'],
    ['AVM GmbH', 'FRITZ!Box'],
    ['Brother industries, LTD.', 'Printers and scanners'],
    ['AvMap srlu', null],
    [null, null],
  ])('is told by the maker %s as %s', (vendor, platform) => {
    expect(platformOf(QUIET_PRINTER, () => vendor)).toBe(platform);
  });

  it('is told by what the host says of itself where the maker builds all kinds of machines', () => {
    expect(platformOf(OLD_NAS, () => 'Intel Corporate')).toBe('Samba');
    expect(platformOf(GOOD_PC, () => null)).toBe('Windows: settings');
    expect(platformOf(sampleHost({ isAgent: true }), () => 'Synology Incorporated')).toBe('This machine');
  });
});
