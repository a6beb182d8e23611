import type { Address } from './address.ts';
import type { AskedAt } from './cadence.ts';
import { type Decision, hasEnded } from './decision.ts';
import { type Facts, toldName } from './facts.ts';
import type { Finding } from './finding.ts';
import type { OwnersEntry } from './owners-hosts.ts';

/** `h` + 12 hex digits of a globally administered MAC, else `u` + 12 random hex digits that are bound in the database. */
export type HostId = string;

/** Lower case, colons. */
export type Mac = string;

/** Manufacturer of a network card as registered with the IEEE, a stranger's text; null: not known. */
export type VendorOf = (mac: Mac) => string | null;

/** A machine with an identity that outlives its address, and everything that is known of it now. */
export interface HostRecord {
  readonly id: HostId;
  readonly mac: Mac | null;
  /** This very machine, looked at from the inside. */
  readonly isAgent: boolean;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly present: boolean;
  /** Sweeps in a row that asked for it, settled, and did not find it. */
  readonly missedSweeps: number;
  /** When each single question of L3 and L4 was last put. */
  readonly askedAt: AskedAt;
  /** The server's own clock when SMB last answered, milliseconds UTC; null: not told. */
  readonly systemTime: number | null;
  /** Not null while the host is ignored: still asked, but silently. An end that has passed counts as not ignored. */
  readonly ignored: Decision | null;
  readonly facts: Facts;
  /** What the configuration says of it; laid over what storage holds, and kept nowhere else. Missing: nothing. */
  readonly ownersWord?: OwnersEntry;
  /** All findings, resolved ones included. */
  readonly findings: readonly Finding[];
}

/** Absent from this many sweeps in a row: no longer present. One missed answer changes nothing. */
export const ABSENT_AFTER_SWEEPS = 2;
/** Absent from this many sweeps in a row: lost, and worth telling. */
export const LOST_AFTER_SWEEPS = 3;

/** True for MACs that a manufacturer burnt in; randomised ones have bit 0x02 of the first byte set. */
export function isGloballyAdministered(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0x02) === 0;
}

/** The id of a host with a globally administered MAC. */
export function hostIdOf(mac: Mac): HostId {
  return `h${mac.replaceAll(':', '')}`;
}

/**
 * What the host is called: the name that the owner gave it, else its NetBIOS name, else the computer name of its NTLM
 * challenge, else its first address, else its MAC. The name is a stranger's text: render it with `visible` or `plain` of text.ts.
 */
export function hostName(host: {
  readonly id: HostId;
  readonly mac: Mac | null;
  readonly facts: Facts;
  readonly ownersWord?: OwnersEntry;
}): string {
  return host.ownersWord?.name ?? toldName(host.facts) ?? host.facts.addresses?.[0] ?? host.mac ?? host.id;
}

/** Is the host ignored at the moment `at` (milliseconds UTC)? It is asked like any other, but raises no alert. */
export function isIgnored({ ignored }: Pick<HostRecord, 'ignored'>, at: number): boolean {
  return ignored !== null && !hasEnded(ignored, at);
}

/** The address a host is shown at, or null where none is known. */
export function firstAddress(host: { readonly facts: Facts }): Address | null {
  return host.facts.addresses?.[0] ?? null;
}

/** Has the host ever shown an SMB or NetBIOS exposure? Such hosts are devices in Home Assistant. */
export function everExposed(host: HostRecord): boolean {
  return host.findings.length > 0;
}
