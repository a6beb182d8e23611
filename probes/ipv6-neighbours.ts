import type { Meter } from './transport/meter.ts';
import type { Call, Caller } from './transport/multicast6.ts';
import { encodeMdnsQuestion } from './wire/mdns-question.ts';
import { encodeDeviceProbe } from './wire/ws-discovery.ts';

/*
 * Which IPv6 addresses do the hosts of this link have?
 *
 * 1. Two questions by multicast on each interface, at most once a sweep: "who offers SMB?" by mDNS, which Samba, macOS
 *    and every NAS that announces itself answer, and "which devices are there?" by WS-Discovery, which Windows, wsdd and
 *    some printers answer. It is what a Windows computer asks of them whenever somebody opens its "Network" folder.
 * 2. The answers are not read. Whoever answers by unicast must first resolve our address, and thereby tells the kernel of
 *    this machine its own address and MAC (RFC 4861 7.2.3): both are then in the neighbour table.
 * No address is made up, neither by counting nor from a MAC. RFC 6762, WS-Discovery 2005/04.
 */

const MDNS = { group: 'ff02::fb', port: 5353 } as const;
const WS_DISCOVERY = { group: 'ff02::c', port: 3702 } as const;

/** On whose behalf they are sent, for the ledger. */
export const CALLING = 'ipv6-neighbours';

/** The two questions. `random`: so many bytes. */
export function ipv6Calls(random: (bytes: number) => Uint8Array): Call[] {
  const [high = 0, low = 0] = random(2);
  return [
    { ...MDNS, datagram: encodeMdnsQuestion('_smb._tcp.local', 256 * high + low) },
    { ...WS_DISCOVERY, datagram: encodeDeviceProbe(random(16)) },
  ];
}

/** Puts both questions on each of the interfaces. */
export function callOut(
  caller: Caller,
  devices: readonly string[],
  { meter, random }: { readonly meter: Meter; readonly random: (bytes: number) => Uint8Array },
): void {
  for (const device of devices) for (const call of ipv6Calls(random)) caller.call(call, device, meter);
}
