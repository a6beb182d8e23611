import type { Fix } from './advice.ts';

/** How to move to SMB 3 with encryption. */
export const ENCRYPTION_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Windows 8, Server 2012 and newer support it by themselves. Windows 7 and older cannot: replace them, or move the shares to a machine that can.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      'If only SMB 1 is spoken, as administrator: `Set-SmbServerConfiguration -EnableSMB2Protocol $true -Force` (it switches SMB 2 and 3 on together).',
      'To require encryption for one share: `Set-SmbShare -Name NAME -EncryptData $true`; for all: `Set-SmbServerConfiguration -EncryptData $true -Force`. Clients that speak no SMB 3 are then refused.',
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'To require it: Computer Configuration > Preferences > Windows Settings > Registry: `HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters`, value `EncryptData`, REG_DWORD, `1`. Takes effect after a restart.',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'In the `[global]` section of smb.conf: remove `server max protocol` where it names anything below SMB3, and `server smb encrypt = off` (before Samba 4.14: `smb encrypt`).',
      'To use it wherever the client can: `server smb encrypt = desired`; to require it: `server smb encrypt = required`. Check with `testparm -s`, then `systemctl restart smbd`.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Control Panel > File Services > SMB > Advanced Settings: set "Maximum SMB protocol" to SMB3 and the transport encryption to "Client defined", or to "Force" to require it.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'Control Panel > Network & File Services > Win/Mac/NFS > Microsoft Networking > Advanced Options: set "Highest SMB version" to SMB 3. Where the QTS version does not offer it, update the firmware.',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'CORE: Services > SMB > Auxiliary Parameters: `server smb encrypt = desired`, and nothing that limits `server max protocol`.',
      'SCALE: settings of the SMB service, in newer releases "Transport Encryption Behavior": Desired or Required.',
    ],
  },
  {
    platform: 'FRITZ!Box',
    steps: [
      'Update FRITZ!OS: SMB 2 and 3 came with version 7.20. There is no setting for encryption; switch the network drive (SMB) off if nobody uses it.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Few devices can. Switch the SMB or CIFS server of the device off if nobody uses it; printing needs IPP, scanning to a folder makes the device a client.',
      'Still needed: put the device on a network of its own, from which only the machines that use it are reached.',
    ],
  },
];
