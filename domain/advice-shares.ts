import type { Fix } from './advice.ts';

/** How to close shares, and the list of them, to sessions without a name and password. */
export const ANONYMOUS_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Control Panel > Network and Sharing Center > Advanced sharing settings > All networks: "Turn on password protected sharing".',
      'For one folder: Properties > Sharing > Permissions: remove Everyone, Guest and ANONYMOUS LOGON, add the people who need it.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      'As administrator: `Get-SmbShareAccess -Name *` shows who may do what; `Revoke-SmbShareAccess -Name NAME -AccountName Everyone -Force` takes it back.',
      'The guest account: `Disable-LocalUser -Name Guest`.',
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: enable "Network access: Do not allow anonymous enumeration of SAM accounts and shares" and "Network access: Restrict anonymous access to Named Pipes and Shares"; disable "Network access: Let Everyone permissions apply to anonymous users".',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'In the section of the share in smb.conf: remove `guest ok = yes` and `public = yes`; write `valid users = NAME` and, where nobody needs to write, `read only = yes`.',
      'In `[global]`: `map to guest = never`; `restrict anonymous = 2` hides the list of shares as well (old clients may need it). Check with `testparm -s`, then `systemctl restart smbd`.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Control Panel > User & Group: disable the account `guest`. Control Panel > Shared Folder > Edit > Permissions: "No access" for guest and anonymous users.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'Control Panel > Privilege > Shared Folders > Edit Shared Folder Permissions: set guest access to "Deny access".',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: ['Sharing > SMB > edit the share: clear "Allow Guest Access", and check the ACL of its dataset.'],
  },
  {
    platform: 'FRITZ!Box',
    steps: [
      'System > FRITZ!Box Users: give everybody who uses the storage an account with a password, and take the right to NAS contents from the others.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Web page of the device: set a password for its shared folder, or switch the SMB or CIFS server off. Memory card slots are often shared to everybody.',
    ],
  },
];
