import type { Fix } from './advice.ts';

/** What to do about builds that CVE-2020-0796 concerns. */
export const SMBGHOST_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Start `winver`: a build of 18362.720, 18363.720 or higher holds the fix (KB4551762 or a later cumulative update).',
      'In any case move on: Windows 10 1903 and 1909 have been out of support since 2020 and 2022, and this was not the last hole. Settings > Windows Update, or install a supported release.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      "To see whether the fix is there (720 or higher): `(Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion').UBR`.",
      "Until it is, as administrator: `Set-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters' DisableCompression -Type DWORD -Value 1 -Force` (at once, no restart). It protects the server side only.",
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Preferences > Windows Settings > Registry: `HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters`, value `DisableCompression`, REG_DWORD, `1`, until the update is installed.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Devices that run Windows inside (print servers, laboratory and till systems): ask the manufacturer for an update; until then put the device on a network of its own, or block TCP 445 to it.',
    ],
  },
];

/** What to do about a Windows without the update of March 2017. */
export const MS17010_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Take the machine off the network until it is done. Settings > Windows Update (Windows 7: Control Panel > Windows Update) installs the update with the later ones; if there are none left to install, fetch MS17-010 for the release from https://www.catalog.update.microsoft.com (Windows XP, Vista, 8 and Server 2003: KB4012598).',
      'In any case switch SMB 1 off: `optionalfeatures.exe`, clear "SMB 1.0/CIFS File Sharing Support", restart. Windows XP and Server 2003 know nothing newer: replace them.',
      'It may have been broken into already: scan it for malware before it goes back.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      'To see how old the driver is: `(Get-Item C:\\Windows\\System32\\drivers\\srv.sys).VersionInfo.FileVersion`; Microsoft lists the versions that hold the update in its article 4023262.',
      'At once, as administrator: `Set-SmbServerConfiguration -EnableSMB1Protocol $false -Force` (Windows 8, Server 2012 and newer). On Windows 7 and Server 2008 R2: `Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters SMB1 -Type DWORD -Value 0 -Force`, then restart.',
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Preferences > Windows Settings > Registry: `HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters`, value `SMB1`, REG_DWORD, `0`. Takes effect after a restart.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Devices that run Windows inside (print servers, laboratory and till systems): ask the manufacturer for an update; until then put the device on a network of its own, or block TCP 139 and 445 to it.',
    ],
  },
];

/** What to do about a Windows that gets no more updates. */
export const END_OF_LIFE_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Start `winver`: it names the release and the full build.',
      'Install a supported release: Settings > Windows Update offers it where the hardware allows it. Where it does not: other hardware, or another operating system.',
      'Cannot be replaced: put the machine on a network of its own, allow only what it is needed for, keep it from the internet, and keep nothing on it that would be missed. Switch file sharing off: `ncpa.cpl` > Properties of the adapter > clear "File and Printer Sharing for Microsoft Networks".',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      'To see the release: `Get-ComputerInfo -Property OsName, OsVersion, WindowsVersion`.',
      'To let nobody reach its shares, as administrator: `Set-NetFirewallRule -DisplayGroup "File and Printer Sharing" -Enabled False` (Windows 8 and newer, English names).',
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Administrative Templates > Windows Components > Windows Update: "Select the target Feature Update version" moves Windows 10 and 11 to a release that you name.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Devices that run Windows inside (print servers, laboratory and till systems): ask the manufacturer for a newer system; until then put the device on a network of its own.',
    ],
  },
];
