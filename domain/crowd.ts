import { type Facts, factNames, isServiceKey, type ServiceKey } from './facts.ts';
import type { HostId, HostRecord } from './host.ts';
import type { SeenHost } from './identity.ts';

/** A stranger on the LAN can invent as many machines as there are addresses, in every sweep: this is where it ends. */

/** So many hosts are known at once, or as many as there are addresses to sweep if the owner forced more. */
export const MOST_KNOWN_HOSTS = 4_096;

/** Has a host with these facts ever answered or announced anything? Others are known by their neighbour entry alone. */
export function hasAnswered(facts: Facts): boolean {
  return factNames(facts).some((name) => {
    if (name === 'addresses') return false;
    return isServiceKey(name) ? isAnswer(facts, name) : facts[name] !== null;
  });
}

function isAnswer(facts: Facts, port: ServiceKey): boolean {
  return facts[port] === 'open' || facts[port] === 'closed' || facts[port] === 'rejected';
}

/** Has it said a word in any of the protocols that are asked? A kernel, or a tarpit, accepts and refuses without a word. */
export function hasSpoken(facts: Facts): boolean {
  return (
    (facts['netbios.names'] ?? null) !== null ||
    facts['netbios.session'] !== undefined ||
    facts['smb.smb1'] === 'yes' ||
    facts['smb.smb2'] === 'yes' ||
    facts['rpc.bindAcknowledged'] === 'yes' ||
    facts['mdns.services'] !== undefined
  );
}

/** So many machines are not bought in a quarter of an hour, none of which ever says a word. */
const FEWEST_IN_A_CROWD = 32;
/** Of a crowd that stays, all are taken in sooner or later. */
const MOST_OF_A_CROWD = 16;

/** Who of a sweep becomes or stays known, and who is forgotten for it. */
export interface Room {
  readonly seen: readonly SeenHost[];
  /** Known hosts that were not met, of whom the owner has said and heard nothing; those met longest ago. */
  readonly forgotten: readonly HostId[];
  /** How many hosts that were met for the first time are not taken in. */
  readonly refused: number;
  /** Newcomers that say nothing come in a crowd: somebody invents them, or answers for others. No news is made of them. */
  readonly isCrowd: boolean;
}

/**
 * Keeps the known hosts to `most`, and lets in few of a crowd of newcomers that say nothing, outnumbering all who were
 * there. Hosts that have never answered go before others; one with a finding, with a word of the owner's, or that was met
 * just now is never forgotten. What still does not fit is not taken in.
 */
export function roomFor(
  met: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  { most, isBaseline }: { readonly most: number; readonly isBaseline: boolean },
): Room {
  const crowd = isBaseline ? [] : crowdIn(met, known);
  const outside = new Set(crowd.slice(MOST_OF_A_CROWD));
  const seen = met.filter((host) => !outside.has(host));
  const newcomers = seen.filter((host) => !known.has(host.id));
  const tooMany = newcomers.length === 0 ? 0 : Math.max(0, known.size + newcomers.length - most);
  const forgotten = tooMany === 0 ? [] : leastWorth(seen, known).slice(0, tooMany);
  const turnedAway = newcomers
    .toSorted((a, b) => byAnswer(a.facts, b.facts))
    .slice(0, tooMany - forgotten.length);
  return {
    seen: seen.filter((host) => !turnedAway.includes(host)),
    forgotten,
    refused: outside.size + turnedAway.length,
    isCrowd: crowd.length > 0,
  };
}

function crowdIn(met: readonly SeenHost[], known: ReadonlyMap<HostId, HostRecord>): readonly SeenHost[] {
  const mute = met.filter(({ id, isAgent, facts }) => !isAgent && !known.has(id) && !hasSpoken(facts));
  const present = [...known.values()].filter((host) => host.present);
  return mute.length >= FEWEST_IN_A_CROWD && mute.length > present.length ? mute : [];
}

/** Known hosts that were not met and may be forgotten, those first with whom least is lost. */
function leastWorth(seen: readonly SeenHost[], known: ReadonlyMap<HostId, HostRecord>): HostId[] {
  const met = new Set(seen.map((host) => host.id));
  return [...known.values()]
    .filter((host) => !met.has(host.id) && saysNothing(host))
    .sort((a, b) => byAnswer(a.facts, b.facts) || a.lastSeenAt - b.lastSeenAt)
    .map((host) => host.id);
}

/** Nothing is lost with it: no finding was ever made of it, and the owner has not spoken of it. */
function saysNothing(host: HostRecord): boolean {
  return (
    !host.isAgent && host.findings.length === 0 && host.ignored === null && host.ownersWord === undefined
  );
}

/** Those that have never answered first. */
function byAnswer(a: Facts, b: Facts): number {
  return Number(hasAnswered(a)) - Number(hasAnswered(b));
}
