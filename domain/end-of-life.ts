/**
 * Which releases of Windows a version in an NTLM challenge can mean, and until when each gets security updates. Data:
 * when Microsoft changes a date or brings a release, change a line here and CHECKED_ON.
 *
 * The challenge tells the base build: a release that was switched on by an enablement package tells the build of the one
 * below it (seen: Windows 10 22H2 tells 19041; by analogy 1909 tells 18362, 11 23H2 tells 22621, 11 25H2 tells 26100).
 * So a version stands for a set of releases, and the host is out of support only if every member is.
 *
 * Extended Security Updates are not counted: they are bought or enrolled in, and cannot be seen from outside.
 */

/** The day on which the dates were last compared with their sources, UTC. */
export const CHECKED_ON = '2026-11-22';

/**
 * Where a date comes from. All of them go back to https://learn.microsoft.com/lifecycle/products/, but on CHECKED_ON they
 * were compared only with the copies named here, not with that site itself; `none`: with no copy at all.
 */
export const SOURCES = {
  'endoflife.date': 'https://endoflife.date/windows and /windows-server, state of early 2025',
  'eos-audit': 'https://github.com/Atliso-Dev/win11-eos-audit, release notes of 2026-10-23 and 2026-11-04',
  none: 'common knowledge of the trade',
} as const;

export interface Release {
  readonly name: string;
  /** Last day of ordinary security updates for the edition that gets them longest, `2022-05-10`. */
  readonly supportedUntil: string;
  readonly source: keyof typeof SOURCES;
}

export interface WindowsVersion {
  /** As `SmbIdentity.version` says it. */
  readonly versions: readonly string[];
  /** The releases it can mean, in words, at most 64 characters. */
  readonly os: string;
  readonly releases: readonly Release[];
}

/** Oldest first; each version in one row only. */
export const WINDOWS_VERSIONS: readonly WindowsVersion[] = [
  {
    versions: ['5.1.2600'],
    os: 'Windows XP',
    releases: [
      release('Windows XP SP3', '2014-04-08'),
      release('Windows Embedded POSReady 2009', '2019-04-09', 'none'),
    ],
  },
  {
    versions: ['5.2.3790'],
    os: 'Windows Server 2003 or XP x64',
    releases: [
      release('Windows XP x64', '2014-04-08', 'none'),
      release('Windows Server 2003 SP2', '2015-07-14'),
    ],
  },
  {
    versions: ['6.0.6002', '6.0.6003'],
    os: 'Windows Vista or Server 2008',
    releases: [release('Windows Vista SP2', '2017-04-11'), release('Windows Server 2008 SP2', '2020-01-14')],
  },
  {
    versions: ['6.1.7601'],
    os: 'Windows 7 or Server 2008 R2',
    releases: [
      release('Windows 7 SP1', '2020-01-14'),
      release('Windows Server 2008 R2 SP1', '2020-01-14'),
      release('Windows Embedded POSReady 7', '2021-10-12', 'none'),
    ],
  },
  {
    versions: ['6.2.9200'],
    os: 'Windows 8 or Server 2012',
    releases: [
      release('Windows 8', '2016-01-12'),
      release('Windows Embedded 8', '2023-07-11', 'none'),
      release('Windows Server 2012', '2023-10-10'),
    ],
  },
  {
    versions: ['6.3.9600'],
    os: 'Windows 8.1 or Server 2012 R2',
    releases: [
      release('Windows 8.1', '2023-01-10'),
      release('Windows Embedded 8.1 Industry', '2023-07-11', 'none'),
      release('Windows Server 2012 R2', '2023-10-10'),
    ],
  },
  {
    versions: ['10.0.10240'],
    os: 'Windows 10 1507 or LTSB 2015',
    releases: [
      release('Windows 10 1507', '2017-05-09'),
      release('Windows 10 IoT Core 1507', '2020-11-10'),
      release('Windows 10 LTSB 2015', '2025-10-14'),
    ],
  },
  {
    versions: ['10.0.10586'],
    os: 'Windows 10 1511',
    releases: [release('Windows 10 1511', '2017-10-10')],
  },
  {
    versions: ['10.0.14393'],
    os: 'Windows 10 1607 or LTSB 2016, or Server 2016',
    releases: [
      release('Windows 10 1607', '2019-04-09'),
      release('Windows 10 LTSB 2016', '2026-10-13'),
      release('Windows Server 2016', '2027-01-12'),
    ],
  },
  {
    versions: ['10.0.15063'],
    os: 'Windows 10 1703',
    releases: [release('Windows 10 1703', '2019-10-08')],
  },
  {
    versions: ['10.0.16299'],
    os: 'Windows 10 1709 or Server 1709',
    releases: [release('Windows Server 1709', '2019-04-09'), release('Windows 10 1709', '2020-10-13')],
  },
  {
    versions: ['10.0.17134'],
    os: 'Windows 10 1803 or Server 1803',
    releases: [release('Windows Server 1803', '2019-11-12'), release('Windows 10 1803', '2021-05-11')],
  },
  {
    versions: ['10.0.17763'],
    os: 'Windows 10 1809 or LTSC 2019, or Server 1809 or 2019',
    releases: [
      release('Windows Server 1809', '2020-11-10'),
      release('Windows 10 1809', '2021-05-11'),
      release('Windows 10 LTSC 2019', '2029-01-09'),
      release('Windows Server 2019', '2029-01-09'),
    ],
  },
  {
    versions: ['10.0.18362', '10.0.18363'],
    os: 'Windows 10 1903 or 1909, or Server 1903 or 1909',
    releases: [
      release('Windows 10 1903', '2020-12-08'),
      release('Windows Server 1903', '2020-12-08'),
      release('Windows Server 1909', '2021-05-11'),
      release('Windows 10 1909', '2022-05-10'),
    ],
  },
  {
    versions: ['10.0.19041', '10.0.19042', '10.0.19043', '10.0.19044', '10.0.19045'],
    os: 'Windows 10 2004 to 22H2 or LTSC 2021, or Server 2004 or 20H2',
    releases: [
      release('Windows 10 2004', '2021-12-14'),
      release('Windows Server 2004', '2021-12-14'),
      release('Windows Server 20H2', '2022-08-09'),
      release('Windows 10 21H1', '2022-12-13'),
      release('Windows 10 20H2', '2023-05-09'),
      release('Windows 10 21H2', '2024-06-11'),
      release('Windows 10 22H2', '2025-10-14'),
      release('Windows 10 LTSC 2021', '2027-01-12'),
      release('Windows 10 IoT LTSC 2021', '2032-01-13'),
    ],
  },
  {
    versions: ['10.0.20348'],
    os: 'Windows Server 2022',
    releases: [release('Windows Server 2022', '2031-10-14')],
  },
  {
    versions: ['10.0.22000'],
    os: 'Windows 11 21H2',
    releases: [release('Windows 11 21H2', '2024-10-08')],
  },
  {
    versions: ['10.0.22621', '10.0.22631'],
    os: 'Windows 11 22H2 or 23H2',
    releases: [release('Windows 11 22H2', '2025-10-14'), release('Windows 11 23H2', '2026-11-10')],
  },
  {
    versions: ['10.0.25398'],
    os: 'Windows Server 23H2',
    releases: [release('Windows Server 23H2', '2025-10-24')],
  },
  {
    versions: ['10.0.26100', '10.0.26200', '10.0.26300'],
    os: 'Windows 11 24H2 to 26H2 or LTSC 2024, or Server 2025',
    releases: [
      release('Windows 11 24H2', '2027-10-12'),
      release('Windows 11 25H2', '2028-10-10', 'none'),
      release('Windows 11 26H2', '2029-10-09', 'none'),
      release('Windows 11 LTSC 2024', '2029-10-09'),
      release('Windows 11 IoT LTSC 2024', '2034-10-10'),
      release('Windows Server 2025', '2034-10-10'),
    ],
  },
  {
    versions: ['10.0.28000'],
    os: 'Windows 11 26H1',
    releases: [release('Windows 11 26H1', '2029-03-13', 'eos-audit')],
  },
];

/** The row of that version, or null where it is not in the table. */
export function windowsVersion(version: string): WindowsVersion | null {
  return WINDOWS_VERSIONS.find(({ versions }) => versions.includes(version)) ?? null;
}

/** Does the release still get updates on the day (UTC) of `now`, milliseconds UTC? Its last day counts. */
export function isSupported({ supportedUntil }: Release, now: number): boolean {
  return new Date(now).toISOString().slice(0, 10) <= supportedUntil;
}

function release(
  name: string,
  supportedUntil: string,
  source: keyof typeof SOURCES = 'endoflife.date',
): Release {
  return { name, supportedUntil, source };
}
