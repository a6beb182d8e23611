import type { Fix } from './advice.ts';

/** How to switch SMB 1 off. */
export const SMB1_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Start `optionalfeatures.exe` ("Turn Windows features on or off"), clear "SMB 1.0/CIFS File Sharing Support" and restart.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      'As administrator: `Set-SmbServerConfiguration -EnableSMB1Protocol $false -Force` (at once, no restart).',
      'To remove it altogether: `Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol`; on Windows Server `Uninstall-WindowsFeature FS-SMB1`.',
      'To see beforehand who still uses it: `Set-SmbServerConfiguration -AuditSmb1Access $true`, then read the event log `Microsoft-Windows-SMBServer/Audit`.',
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Preferences > Windows Settings > Registry: `HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters`, value `SMB1`, REG_DWORD, `0`. Takes effect after a restart.',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'In the `[global]` section of smb.conf: `server min protocol = SMB2_02` (the default since Samba 4.11; remove lines that say NT1 or lower).',
      'Check with `testparm -s`, then `systemctl restart smbd`.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Control Panel > File Services > SMB > Advanced Settings: set "Minimum SMB protocol" to SMB2 or SMB3.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'Control Panel > Network & File Services > Win/Mac/NFS > Microsoft Networking > Advanced Options: set "Lowest SMB version" to SMB 2 or higher.',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'Settings of the SMB service: clear "Enable SMB1 support"; in newer releases set "Minimum Protocol" to SMB2 or SMB3.',
    ],
  },
  {
    platform: 'FRITZ!Box',
    steps: [
      'Update FRITZ!OS: before version 7.20 it speaks SMB 1 only.',
      'Home Network > USB / Storage: clear the option that allows SMBv1, or switch the network drive (SMB) off if nobody uses it.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Web page of the device, network protocols: switch the SMB or CIFS server off; printing needs IPP, scanning to a folder makes the device a client.',
      'Update the firmware; where scanning to a folder works with SMB 1 only, scan to mail or to FTP on a machine of your own instead.',
    ],
  },
];

/** How to require SMB signing. */
export const SIGNING_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Start `secpol.msc` (not in Home editions) > Local Policies > Security Options: "Microsoft network server: Digitally sign communications (always)": Enabled.',
      'Windows 11 24H2 and newer require it by default; if this one does not, somebody has switched it off.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: ['As administrator: `Set-SmbServerConfiguration -RequireSecuritySignature $true -Force`.'],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Policies > Windows Settings > Security Settings > Local Policies > Security Options: "Microsoft network server: Digitally sign communications (always)": Enabled.',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'In the `[global]` section of smb.conf: `server signing = mandatory`.',
      'Check with `testparm -s`, then `systemctl restart smbd`. Guest access without a password cannot be signed and stops working.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Control Panel > File Services > SMB > Advanced Settings: choose the strictest value of "Server signing". Where the DSM version does not offer it, there is no supported way.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'Control Panel > Network & File Services > Win/Mac/NFS > Microsoft Networking > Advanced Options: choose the strictest value of SMB signing. Where the QTS version does not offer it, there is no supported way.',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'CORE: Services > SMB > Auxiliary Parameters: `server signing = mandatory`.',
      'SCALE: in a shell, `midclt call smb.update \'{"smb_options": "server signing = mandatory"}\'`. It replaces other options that were set this way.',
    ],
  },
  {
    platform: 'FRITZ!Box',
    steps: [
      'There is no setting for it. Keep FRITZ!OS up to date, and switch the network drive (SMB) off if nobody uses it.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Few devices have a setting for it. Switch the SMB or CIFS server of the device off if nobody uses it.',
    ],
  },
];

/** How to hide TCP 135. */
export const ENDPOINT_MAPPER_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Start `wf.msc` > Inbound Rules: disable those that open RPC endpoint mapper (RPC-EPMAP) or remote administration to private networks.',
      'On a laptop in a strange network: Settings > Network & internet > properties of the network: "Public network".',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      "As administrator: `New-NetFirewallRule -DisplayName 'Block RPC endpoint mapper' -Direction Inbound -Protocol TCP -LocalPort 135 -Action Block`. Not on a domain controller; remote management of this machine stops working.",
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Policies > Windows Settings > Security Settings > Windows Defender Firewall with Advanced Security > Inbound Rules: a rule that blocks TCP port 135, limited to the machines that need no remote management.',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'Only a domain controller needs port 135. Elsewhere: remove `rpc start on demand helpers` and any `samba-ad-dc` service, or let the firewall drop TCP 135.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Only the package Synology Directory Server needs port 135: remove it, or allow the port in Control Panel > Security > Firewall only for members of the domain.',
    ],
  },
  {
    platform: 'QNAP',
    steps: ['Only the domain controller mode needs port 135: Control Panel > Privilege > Domain Controller.'],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'TrueNAS does not listen there as a file server. Look for an app or a virtual machine that publishes port 135.',
    ],
  },
  {
    platform: 'FRITZ!Box',
    steps: ['FRITZ!OS does not listen there: make sure that this host really is the FRITZ!Box.'],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Some print servers run Windows Embedded: update the firmware, and switch off remote management on the web page of the device.',
    ],
  },
];

/** What to do about the watchman's own machine. */
export const AGENT_HOST_FIXES: readonly Fix[] = [
  {
    platform: 'This machine',
    steps: [
      'See what listens: `ss -ltnup | grep -E ":(135|137|138|139|445) "`.',
      'Not needed: `systemctl disable --now smbd nmbd`.',
      'Needed on some interfaces only, in the `[global]` section of smb.conf: `interfaces = lo eth1` and `bind interfaces only = yes`, then restart smbd and nmbd.',
      'Needed by the LAN on purpose: keep Samba up to date, require signing, `disable netbios = yes`, and let this finding stand as a reminder.',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'A Samba in a container publishes its ports on this machine as well: bind the published ports to one address, or stop the container.',
    ],
  },
];
