import { type Facts, netbiosName } from './facts.ts';

/** Default NetBIOS names of network printers and multi-function devices, by maker. */
const PRINTER_NAMES =
  /^(NPI|HP)[0-9A-F]{6,}$|^BR[NW][0-9A-F]{6,}|^(EPSON|CANON|LEXMARK|KYOCERA|KM|OKI|RICOH|RNP|XRX|SEC|SAMSUNG|SHARP|TOSHIBA)[-_]?[0-9A-F]{4,}$/i;

/** Why a host is held at L2, or null: fragile devices get no single questions beyond the one negotiate. */
export function fragility(facts: Facts): string | null {
  const name = netbiosName(facts);
  return name !== null && PRINTER_NAMES.test(name) ? 'looks like a printer by its NetBIOS name' : null;
}
