import type { Platform } from './advice.ts';
import type { HostRecord, VendorOf } from './host.ts';
import { operatingSystem } from './os.ts';

/** Who makes the network cards of machines that are of one kind only. */
const MAKERS: readonly (readonly [RegExp, Platform])[] = [
  [/^synology/i, 'Synology'],
  [/^qnap/i, 'QNAP'],
  [/^ixsystems/i, 'TrueNAS'],
  [/^avm /i, 'FRITZ!Box'],
  [/^(brother|canon|seiko epson|kyocera|konica|lexmark|ricoh|xerox)/i, 'Printers and scanners'],
];

/** The platform that a host is most likely one of, by its maker or what it says of itself; null: no telling. */
export function platformOf(host: HostRecord, vendorOf: VendorOf): Platform | null {
  if (host.isAgent) return 'This machine';
  const vendor = host.mac === null ? null : vendorOf(host.mac);
  const maker = MAKERS.find(([pattern]) => vendor !== null && pattern.test(vendor));
  if (maker !== undefined) return maker[1];
  const { os } = operatingSystem(host.facts['smb.identity']);
  if (os === 'Samba') return 'Samba';
  return os?.startsWith('Windows') === true ? 'Windows: settings' : null;
}
