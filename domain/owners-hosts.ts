import { isAddress } from './address.ts';
import type { Facts } from './facts.ts';
import type { HostId, HostRecord, Mac } from './host.ts';
import type { Level } from './level.ts';
import type { Policy } from './policy.ts';
import { mayLook, type SleepBudget } from './sleep.ts';

/** What the owner has written of one host in the section `hosts` of the configuration. null: not said. */
export interface OwnersEntry extends Policy {
  /** Shown instead of the name that the host tells. */
  readonly name: string | null;
  readonly note: string | null;
  /** true: nothing is sent to it. A budget: nothing but so many looks a day. */
  readonly letSleep: boolean | SleepBudget;
  /** The deepest level, in place of the general one and of what its kind would be held at. */
  readonly levels: Level | null;
}

/** The entries by the key of `hostKey`. */
export type OwnersHosts = ReadonlyMap<string, OwnersEntry>;

/** A host as far as an entry can mean it. */
interface Recognisable {
  readonly id: HostId;
  readonly mac: Mac | null;
  readonly facts: Facts;
}

const HOST_ID = /^[hu][0-9a-f]{12}$/;
const MAC = /^[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/;
/** Letters and digits of any script, and what host names have between them; not digits and dots alone. */
const NAME = /^(?![\d.]+$)[\p{L}\p{N}_](?:[\p{L}\p{N} _.$!-]{0,62}[\p{L}\p{N}_$!-])?$/u;

/**
 * What a key of `hosts` means, in one spelling: a host id, MAC, address or name, case aside; the id and the MAC of a host
 * are the same. null: none of these.
 */
export function hostKey(text: string): string | null {
  const wanted = text.trim().toLowerCase();
  if (HOST_ID.test(wanted)) return wanted.startsWith('h') ? `mac ${wanted.slice(1)}` : `id ${wanted}`;
  if (MAC.test(wanted)) return `mac ${wanted.replaceAll(/[:-]/g, '')}`;
  if (isAddress(wanted)) return `address ${wanted}`;
  return NAME.test(wanted) ? `name ${wanted}` : null;
}

/** The entries of the configuration, ready to be looked up. Keys that mean no host are left out. */
export function ownersHosts(written: Readonly<Record<string, OwnersEntry>>): OwnersHosts {
  return new Map(
    Object.entries(written).flatMap(([text, entry]) => {
      const key = hostKey(text);
      return key === null ? [] : [[key, entry] as const];
    }),
  );
}

/**
 * The entry that means this host, or null. Where several do, what lasts longest wins: its MAC or id, then a name that it
 * tells, then an address.
 */
export function entryFor(owners: OwnersHosts, { id, mac, facts }: Recognisable): OwnersEntry | null {
  if (owners.size === 0) return null;
  const names = (facts['netbios.names'] ?? []).filter(({ group }) => !group).map(({ name }) => name);
  const told = [...names, facts['smb.identity']?.computer ?? ''].map((name) => `name ${name.toLowerCase()}`);
  const keys = [
    mac === null ? '' : `mac ${mac.replaceAll(':', '')}`,
    hostKey(id) ?? '',
    ...told,
    ...(facts.addresses ?? []).map((address) => `address ${address}`),
  ];
  const key = keys.find((each) => owners.has(each));
  return key === undefined ? null : (owners.get(key) ?? null);
}

/** The hosts with the owner's word on each of them. */
export function withOwnersWord(
  hosts: ReadonlyMap<HostId, HostRecord>,
  owners: OwnersHosts,
): ReadonlyMap<HostId, HostRecord> {
  if (owners.size === 0) return hosts;
  return new Map(
    [...hosts].map(([id, host]) => {
      const entry = entryFor(owners, host);
      return [id, entry === null ? host : { ...host, ownersWord: entry }];
    }),
  );
}

/** When a host was last looked at, whether or not it answered; for hosts that are left asleep. */
export function lastLookAt(host: Pick<HostRecord, 'lastSeenAt' | 'askedAt'>): number {
  return Math.max(host.lastSeenAt, host.askedAt.look ?? 0);
}

/** Is a host with this entry to be left alone at `now`? `host` null: it was never met. */
export function isLeftAsleep(
  { letSleep, levels }: OwnersEntry,
  host: Pick<HostRecord, 'lastSeenAt' | 'askedAt'> | null,
  now: number,
): boolean {
  if (letSleep === true || levels === 'L0') return true;
  if (letSleep === false) return false;
  return !mayLook(letSleep, { now, lastLookAt: host === null ? 0 : lastLookAt(host) });
}
