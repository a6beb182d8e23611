import { describe, expect, it } from 'vitest';
import {
  CHECKED_ON,
  isSupported,
  SOURCES,
  WINDOWS_VERSIONS,
  windowsVersion,
} from '../../domain/end-of-life.ts';

describe('the table of releases', () => {
  const versions = WINDOWS_VERSIONS.flatMap((row) => row.versions);
  const releases = WINDOWS_VERSIONS.flatMap((row) => row.releases);

  it('has each version once, as a challenge tells it', () => {
    expect(new Set(versions).size).toBe(versions.length);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d{4,5}$/.test(version))).toEqual([]);
  });

  it('has only days that exist, those of a row in order', () => {
    const isDay = (day: string) => new Date(day).toISOString().slice(0, 10) === day;
    expect(
      [CHECKED_ON, ...releases.map(({ supportedUntil }) => supportedUntil)].filter((day) => !isDay(day)),
    ).toEqual([]);
    for (const row of WINDOWS_VERSIONS) {
      const days = row.releases.map(({ supportedUntil }) => supportedUntil);
      expect([row.os, ...days]).toEqual([row.os, ...[...days].sort()]);
    }
  });

  it('has at least one release for each version, and words that fit Home Assistant', () => {
    expect(WINDOWS_VERSIONS.filter((row) => row.releases.length === 0 || row.os.length > 64)).toEqual([]);
  });

  it('names no source that is not used', () => {
    expect([...new Set(releases.map(({ source }) => source))].sort()).toEqual(Object.keys(SOURCES).sort());
  });
});

it('finds the family of a version by its whole number', () => {
  expect(windowsVersion('10.0.18363')).toBe(windowsVersion('10.0.18362'));
  expect(windowsVersion('6.1.7601')?.os).toBe('Windows 7 or Server 2008 R2');
  expect(['6.1.0', '6.1.18363', '10.0.1836', ''].map(windowsVersion)).toEqual([null, null, null, null]);
});

it('counts the last day of support in UTC', () => {
  const windows = { name: 'Windows 10 22H2', supportedUntil: '2025-10-14', source: 'none' } as const;
  expect(isSupported(windows, Date.parse('2025-10-14T23:59:59.999Z'))).toBe(true);
  expect(isSupported(windows, Date.parse('2025-10-15T00:00:00.000Z'))).toBe(false);
});
