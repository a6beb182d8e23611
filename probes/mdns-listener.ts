import type { Address } from '../domain/address.ts';
import { TELLING_SERVICES } from '../domain/fragile.ts';
import { type EarOptions, type MulticastEar, openEar } from './transport/multicast.ts';
import { decodeMdnsResponse } from './wire/mdns.ts';
import { DecodeError } from './wire/reader.ts';

/*
 * What do hosts announce of themselves by mDNS? Asks nothing and sends nothing (level L0).
 *
 * 1. Join 224.0.0.251 on the attached interfaces and hear UDP 5353.
 * 2. Of each response sent from port 5353, as RFC 6762 6 demands, keep the service types that tell what kind of device
 *    the sender is, by its address.
 *
 * Hosts announce themselves when they start, wake or change, and answer the questions of others by multicast: a daemon
 * comes to know most of them within hours, a single sweep few.
 */

const GROUP = '224.0.0.251';
const PORT = 5353;
/** Whoever forges sender addresses fills this list and nothing more: the first come stay. */
const MOST_HOSTS = 4_096;
const MOST_SERVICES = 16;
/** Datagrams that are read in one second; a flood costs no more. */
const MOST_A_SECOND = 50;

/** Hears as long as it is open. */
export interface MdnsListener {
  /** Hears on the interfaces with these addresses of ours, too. To be said again when they may have come back. */
  listenOn(ownAddresses: readonly Address[]): void;
  /** Service types that the host at `address` has announced since this was opened, ascending, at most 16. */
  servicesOf(address: Address): readonly string[];
  close(): Promise<void>;
}

export interface MdnsListenerOptions extends Pick<EarOptions, 'onTrouble'> {
  /** Milliseconds by a monotonic clock. */
  readonly clock: () => number;
  /** The ear of a test. */
  readonly open?: (options: EarOptions) => MulticastEar;
}

/** Opens its socket when `listenOn` first says where. What cannot be heard is no error. */
export function listenToMdns({ onTrouble, clock, open = openEar }: MdnsListenerOptions): MdnsListener {
  const heard = new Map<Address, Set<string>>();
  const budget = { second: 0, read: 0 };
  const onDatagram: EarOptions['onDatagram'] = (datagram, from) => {
    if (from.port !== PORT || !isWithin(budget, clock())) return;
    const services = servicesIn(datagram).filter((each) => TELLING_SERVICES.includes(each));
    if (services.length > 0) note(heard, from.address, services);
  };
  let ear: MulticastEar | null = null;
  return {
    listenOn: (ownAddresses) => {
      if (ownAddresses.length === 0) return;
      ear ??= open({ group: GROUP, port: PORT, onDatagram, onTrouble });
      ear.listenOn(ownAddresses);
    },
    servicesOf: (address) => [...(heard.get(address) ?? [])].sort(),
    close: async () => ear?.close(),
  };
}

/** The group is full of questions, and of what is no mDNS at all: nobody asked for it, and it tells nothing. */
function servicesIn(datagram: Uint8Array): readonly string[] {
  try {
    return decodeMdnsResponse(datagram).services;
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}

function isWithin(budget: { second: number; read: number }, now: number): boolean {
  const second = Math.floor(now / 1_000);
  if (second !== budget.second) Object.assign(budget, { second, read: 0 });
  budget.read += 1;
  return budget.read <= MOST_A_SECOND;
}

function note(heard: Map<Address, Set<string>>, address: Address, services: readonly string[]): void {
  const known = heard.get(address) ?? new Set();
  if (known.size === 0 && heard.size >= MOST_HOSTS) return;
  for (const service of services) if (known.size < MOST_SERVICES) known.add(service);
  heard.set(address, known);
}
