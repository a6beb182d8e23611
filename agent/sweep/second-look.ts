import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../domain/address.ts';
import { type DeepQuestion, isLogon } from '../../domain/cadence.ts';
import { compareSeen } from '../../domain/compare.ts';
import { confirmedFacts, needsSecondLook } from '../../domain/confirm.ts';
import type { Facts } from '../../domain/facts.ts';
import { answersByTcp, lossSeenAgain, type PortLoss } from '../../domain/harm.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import { identify, type SeenHost } from '../../domain/identity.ts';
import type { Moment } from '../../domain/judge.ts';
import type { Asker } from './asker.ts';
import type { Ipv6Asker } from './ipv6.ts';
import { type LimitsWorld, limitsFor } from './limits.ts';
import type { SweepProgress } from './report.ts';

/** An alert needs a second look, on fresh connections, so long after the first (docs/probing.md). */
const SECOND_LOOK_AFTER_MS = 5_000;

export interface SecondLookWorld {
  readonly asker: Asker;
  /** null or missing: nobody was asked over IPv6. */
  readonly ipv6?: Ipv6Asker | null;
  readonly lookInside: () => Promise<{ readonly listening: readonly string[] }>;
  readonly limits: LimitsWorld;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
  /** Milliseconds; 5 s unless a test is in a hurry. */
  readonly secondLookAfterMs?: number;
  /** The first sweep, in which nothing is an alert: only ports that were lost are looked at again. */
  readonly isBaseline?: boolean;
}

/**
 * Visits once more the hosts whose changes rest on one ambiguous look, and those that lost a port after a deep question.
 * What both looks agree on is kept; what they disagree on is left out, so that it stays as it was known. Of the losses
 * those are kept that the second look has confirmed. The other hosts come back as they were given.
 */
export async function lookAgain(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  moment: Moment,
  world: SecondLookWorld,
): Promise<SeenHost[]> {
  const { signal, onProgress, secondLookAfterMs = SECOND_LOOK_AFTER_MS, isBaseline = false } = world;
  const isDoubtful = (host: SeenHost): boolean =>
    !isBaseline && needsSecondLook(compareSeen(known.get(host.id) ?? null, host, moment), host, moment);
  const doubtful = new Set(seen.filter(isDoubtful));
  const harmed = new Set(seen.filter(hasLost));
  if (doubtful.size + harmed.size === 0) return [...seen];
  onProgress({ addresses: 0, asked: 0, hostsUp: seen.length, hostsDone: 0, stage: 'second look' });
  await sleep(secondLookAfterMs, undefined, { signal }).catch(() => {});
  const control = harmed.size === 0 ? null : controlFor(harmed, seen);
  const looks = await Promise.all(
    seen.map(async (host) => {
      if (!doubtful.has(host) && !harmed.has(host) && host !== control) return null;
      return factsOfSecondLook(host, known.get(host.id), world, harmed.has(host) || !doubtful.has(host));
    }),
  );
  const linkWorks = looks.some((again, i) => again !== null && seen[i] === control && answersByTcp(again));
  return seen.map((host, i) => {
    const again = looks[i] ?? null;
    if (again === null) return host;
    const before = known.get(host.id)?.facts ?? {};
    const facts = doubtful.has(host) ? confirmedFacts(before, host.facts, again) : host.facts;
    return { ...host, facts, losses: confirmedLosses(host, again, linkWorks) };
  });
}

function hasLost({ losses = [] }: SeenHost): boolean {
  return losses.length > 0;
}

/** Another host that answered: when it does so again, silence of those that lost a port is not the fault of our own link. */
function controlFor(harmed: ReadonlySet<SeenHost>, seen: readonly SeenHost[]): SeenHost | null {
  return seen.find((host) => !harmed.has(host) && !host.isAgent && answersByTcp(host.facts)) ?? null;
}

function confirmedLosses({ losses = [] }: SeenHost, again: Facts, linkWorks: boolean): PortLoss[] {
  return losses.filter((loss) => {
    const state = lossSeenAgain(loss, again);
    return state === 'refused' || (state === 'silent' && linkWorks);
  });
}

/** The facts of a second look alone. `lightly`: what every sweep asks, and no deep question. */
async function factsOfSecondLook(
  host: SeenHost,
  known: HostRecord | undefined,
  { asker, ipv6, lookInside, limits, signal }: SecondLookWorld,
  lightly: boolean,
): Promise<Facts> {
  if (host.isAgent) return { 'agent.listening': (await lookInside()).listening };
  // SMB 1 selected needs no second look, and nobody logs on twice.
  const speaksSmb1 = host.facts['smb.smb1'] === 'yes';
  const proven: readonly DeepQuestion[] = speaksSmb1 ? ['smb1'] : [];
  const askedAgain = host.asked.filter((question) => !proven.includes(question) && !isLogon(question));
  const due = lightly ? [] : askedAgain;
  const planAt = (address: Address) => ({
    ...limitsFor({ address, mac: host.mac, ...(known === undefined ? {} : { host: known }) }, limits),
    heard: () => host.facts['mdns.services'] ?? [],
    due,
    dueOnChange: due,
    isSecondLook: true,
    known: speaksSmb1 ? { 'smb.smb1': 'yes' as const } : {},
    knownCalledName: host.facts['netbios.calledName'] ?? null,
    usuallyAnswers: true,
  });
  const looks = (host.facts.addresses ?? []).map((address) =>
    asker.askAgain(address, host.mac, planAt(address), signal),
  );
  const sightings = (await Promise.all(looks)).filter((each) => each !== null);
  const [again] = identify(sightings, new Map(), () => host.id);
  const overIpv6 = host.mac === null ? {} : await ipv6?.askAgain(host.mac, signal);
  return { ...again?.facts, ...overIpv6 };
}
