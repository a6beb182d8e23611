import { type Facts, netbiosName } from './facts.ts';
import type { Level } from './level.ts';

/**
 * Devices that questions can harm (docs/probing.md): printers print what they do not understand, cameras and controllers
 * hang, small Wi-Fi devices reboot, phones lose their battery.
 */
export type FragileClass = 'printer' | 'camera' | 'controller' | 'ups' | 'small-device' | 'phone';

/** How a host is spared. */
export interface Sparing {
  /** The deepest level it is asked at. */
  readonly deepest: Level;
  /** TCP ports that are tried: all that are configured, the usual file-service ports only, or none. */
  readonly ports: 'all' | 'usual' | 'none';
  /** The first service that answers ends the visit. */
  readonly stopsAtFirst: boolean;
}

/** How a fragile device is spared, and why. */
export interface Fragility extends Sparing {
  readonly class: FragileClass;
  /** `looks like a printer by its mDNS services`. */
  readonly why: string;
}

type Rules = Sparing & { readonly inWords: string };

const HELD_LOW = { deepest: 'L2', ports: 'usual', stopsAtFirst: true } as const;

const CLASSES: Readonly<Record<FragileClass, Rules>> = {
  printer: { inWords: 'a printer', ...HELD_LOW },
  camera: { inWords: 'a camera', ...HELD_LOW },
  controller: { inWords: 'an industrial controller', ...HELD_LOW },
  ups: { inWords: 'the card of a UPS', ...HELD_LOW },
  'small-device': { inWords: 'a small Wi-Fi device', ...HELD_LOW },
  phone: { inWords: 'a phone', deepest: 'L1', ports: 'none', stopsAtFirst: true },
};

/** Default NetBIOS names of network printers and multi-function devices, by maker. */
const PRINTER_NAMES =
  /^(NPI|HP)[0-9A-F]{6,}$|^BR[NW][0-9A-F]{6,}|^(EPSON|CANON|LEXMARK|KYOCERA|KM|OKI|RICOH|RNP|XRX|SEC|SAMSUNG|SHARP|TOSHIBA)[-_]?[0-9A-F]{4,}$/i;

/**
 * Makers of nothing but such devices, as the IEEE lists them. Makers that also build computers (HP, Samsung, Sharp) are
 * left out: their printers are known by name or mDNS.
 */
const MAKERS: readonly (readonly [FragileClass, RegExp])[] = [
  [
    'printer',
    /^(brother industries|seiko epson|canon inc|canon electron|lexmark|kyocera (document|corp)|ricoh|xerox|konica minolta|oki electric|toshiba tec|zebra tech|zhuhai pantum)/i,
  ],
  [
    'camera',
    /^(axis communications|((hangzhou|prama) )?hikvision|(zhejiang )?dahua|zhejiang uniview|reolink|vivotek|mobotix|hanwha (vision|techwin)|amcrest|arlo tech|ring llc|wyze labs|hangzhou ezviz)/i,
  ],
  ['ups', /^(american power conversion|eaton\b|cyber ?power|riello)/i],
  [
    'controller',
    /^(siemens|beckhoff|wago|phoenix contact|rockwell automation|schneider electric|omron|b&r industrial|mitsubishi electric|bosch rexroth)/i,
  ],
  ['small-device', /^(espressif|tuya smart|(hong kong )?bouffalo|beken|shelly)/i],
];

const PRINT_SERVICES = ['_pdl-datastream._tcp', '_ipp._tcp', '_ipps._tcp', '_printer._tcp'];

/** What computers announce and printers do not: a PC or NAS that shares a printer is no printer itself. */
const COMPUTER_SERVICES = [
  '_adisk._tcp',
  '_afpovertcp._tcp',
  '_device-info._tcp',
  '_nfs._tcp',
  '_rfb._tcp',
  '_sftp-ssh._tcp',
  '_ssh._tcp',
  '_workstation._tcp',
];

/** Wi-Fi synchronisation of iOS and iPadOS, which nothing else announces. */
const PHONE_SERVICES = ['_apple-mobdev2._tcp'];

/** DNS-SD service types that tell one kind of device from another; whatever else is announced is not kept. */
export const TELLING_SERVICES: readonly string[] = [
  ...PRINT_SERVICES,
  ...COMPUTER_SERVICES,
  ...PHONE_SERVICES,
  '_smb._tcp',
];

/**
 * How the host is to be spared, or null when it does not look fragile. `vendor` is the registered maker of its network
 * card, a stranger's text; null: not known.
 */
export function fragility(facts: Facts, vendor: string | null): Fragility | null {
  const services = facts['mdns.services'] ?? [];
  const announces = (types: readonly string[]) => services.some((service) => types.includes(service));
  if (announces(PRINT_SERVICES) && !announces(COMPUTER_SERVICES))
    return spare('printer', 'its mDNS services');
  if (announces(PHONE_SERVICES)) return spare('phone', 'its mDNS services');
  const name = netbiosName(facts);
  if (name !== null && PRINTER_NAMES.test(name)) return spare('printer', 'its NetBIOS name');
  const maker = MAKERS.find(([, pattern]) => vendor !== null && pattern.test(vendor));
  return maker === undefined ? null : spare(maker[0], 'the maker of its network card');
}

function spare(kind: FragileClass, sign: string): Fragility {
  const { inWords, ...rules } = CLASSES[kind];
  return { class: kind, why: `looks like ${inWords} by ${sign}`, ...rules };
}
