import type { Fix } from './advice.ts';

/** How to treat both families alike. */
export const IPV6_FIXES: readonly Fix[] = [
  {
    platform: 'Windows: settings',
    steps: [
      'Windows Defender Firewall with Advanced Security (`wf.msc`) > Inbound Rules: the rules for file and printer sharing and every other one that allows TCP 445, 139 or 135, tab Scope. "Remote IP address" must list what it lists for IPv4 in IPv6, too, or "Local subnet", which means both.',
    ],
  },
  {
    platform: 'Windows: PowerShell',
    steps: [
      'What may come in on the port: `Get-NetFirewallPortFilter -Protocol TCP | Where-Object LocalPort -eq 445 | Get-NetFirewallRule | Where-Object { $_.Enabled -eq "True" -and $_.Direction -eq "Inbound" } | Get-NetFirewallAddressFilter`.',
      'A rule for both families: `Set-NetFirewallRule -DisplayGroup "File and Printer Sharing" -RemoteAddress LocalSubnet`.',
    ],
  },
  {
    platform: 'Windows: Group Policy',
    steps: [
      'Computer Configuration > Policies > Windows Settings > Security Settings > Windows Defender Firewall with Advanced Security > Inbound Rules: a rule that blocks or restricts the port, with IPv6 ranges in its scope as well (fe80::/10 and fc00::/7 for the local network).',
    ],
  },
  {
    platform: 'Samba',
    steps: [
      'In the firewall, write the rule for both families: a table of type `inet` in nftables, `ip6tables` beside `iptables`, `IPV6=yes` in /etc/default/ufw followed by `ufw reload`.',
      'In the `[global]` section of smb.conf: `bind interfaces only = yes`, and `interfaces` with the addresses that may be used; a name such as eth0 stands for its IPv6 addresses, too. `hosts allow` knows IPv6 as well: `fe80::/10`.',
    ],
  },
  {
    platform: 'Synology',
    steps: [
      'Control Panel > Security > Firewall > Edit Rules: a rule whose source is an IPv4 address or subnet says nothing of IPv6. Add the same for IPv6, or switch IPv6 off: Control Panel > Network > Network Interface > Edit > IPv6: Off.',
    ],
  },
  {
    platform: 'QNAP',
    steps: [
      'In the app QuFirewall write the rule for IPv6, too; or Network & Virtual Switch > Interfaces > Configure > IPv6: Disable.',
    ],
  },
  {
    platform: 'TrueNAS',
    steps: [
      'Services > SMB > "Bind IP Addresses": choose the addresses that may be used; without a choice it listens on all of both families.',
    ],
  },
  {
    platform: 'FRITZ!Box',
    steps: [
      'Home Network > USB / Storage: the network drive (SMB) answers on both families or on none; switch it off if nobody uses it.',
    ],
  },
  {
    platform: 'Printers and scanners',
    steps: [
      'Web page of the device, network settings: switch IPv6 off if nobody prints over it, or fill in the IPv6 part of its access list ("IP filter") as well.',
    ],
  },
];
