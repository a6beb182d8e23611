import type { Fix } from './advice.ts';

/** Windows has one switch per network adapter for ports 137, 138 and 139 together. */
const WINDOWS: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Start `ncpa.cpl` > Properties of the adapter > Internet Protocol Version 4 > Properties > Advanced > WINS: "Disable NetBIOS over TCP/IP". Repeat for each adapter.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      "As administrator, for all adapters: `Get-CimInstance Win32_NetworkAdapterConfiguration -Filter 'IPEnabled = true' | Invoke-CimMethod -MethodName SetTcpipNetbios -Arguments @{ TcpipNetbiosOptions = [uint32]2 }`.",
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'No policy sets the switch of an adapter: run the PowerShell line as a startup script (Computer Configuration > Policies > Windows Settings > Scripts), or let a Windows DHCP server hand out the vendor option 001 "Microsoft Disable NetBIOS Option" with the value 0x2.',
    ],
  },
];

const FRITZBOX: Fix = {
  platform: 'FRITZ!Box',
  steps: [
    'Home Network > USB / Storage: switch the network drive (SMB) off if nobody uses it. There is no switch for NetBIOS alone.',
  ],
};

const PRINTERS: Fix = {
  platform: 'Printers and scanners',
  steps: [
    'Web page of the device, network protocols: switch off NetBIOS, "WINS" or "NetBIOS over TCP/IP", and the SMB or CIFS server if nobody uses it.',
  ],
};

/** How to close TCP 139. */
export const NETBIOS_SESSION_FIXES: readonly Fix[] = [
  ...WINDOWS,
  {
    platform: 'Samba',
    steps: [
      'In the `[global]` section of smb.conf: `smb ports = 445` and `disable netbios = yes`; check with `testparm -s`, then `systemctl restart smbd`.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'DSM has no switch for it: Control Panel > Security > Firewall, a rule that denies TCP 139 (the entry "Windows file server" holds it) and leaves TCP 445 open.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'QTS has no dependable switch for it: in the app QuFirewall deny TCP 139 and leave TCP 445 open.',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'CORE: Services > SMB > Auxiliary Parameters: `smb ports = 445`.',
      'SCALE: in a shell, `midclt call smb.update \'{"smb_options": "smb ports = 445"}\'`. It replaces other options that were set this way.',
    ],
  },
  FRITZBOX,
  PRINTERS,
];

/** How to silence UDP 137. */
export const NETBIOS_NAME_SERVICE_FIXES: readonly Fix[] = [
  ...WINDOWS,
  {
    platform: 'Samba',
    steps: [
      'In the `[global]` section of smb.conf: `disable netbios = yes`; then `systemctl disable --now nmbd`. Linux and macOS find the server by mDNS (Avahi), Windows by wsdd.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Control Panel > File Services > SMB > Advanced Settings: switch off "Local Master Browser".',
      'Control Panel > Security > Firewall: a rule that denies UDP 137 and 138. Turn on WS-Discovery (File Services > Advanced), so that Windows still lists the NAS.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'Control Panel > Network & File Services > Win/Mac/NFS > Microsoft Networking > Advanced Options: switch off the local master browser and the WINS server; in the app QuFirewall deny UDP 137 and 138.',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'Network > Global Configuration > Service Announcement: clear "NetBIOS-NS". mDNS and WS-Discovery may stay.',
    ],
  },
  FRITZBOX,
  PRINTERS,
];
