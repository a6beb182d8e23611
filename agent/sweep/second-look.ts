import { setTimeout as sleep } from 'node:timers/promises';
import type { DeepQuestion } from '../../domain/cadence.ts';
import { compareSeen, confirmedFacts, type Moment, needsSecondLook } from '../../domain/compare.ts';
import type { FactName, Facts } from '../../domain/facts.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import { identify, type SeenHost } from '../../domain/identity.ts';
import type { Level } from '../../domain/level.ts';
import type { Asker } from './asker.ts';
import type { SweepProgress } from './report.ts';

/** An alert needs a second look, on fresh connections, so long after the first (docs/probing.md). */
const SECOND_LOOK_AFTER_MS = 5_000;

export interface SecondLookWorld {
  readonly asker: Asker;
  readonly lookInside: () => Promise<{ readonly listening: readonly string[] }>;
  readonly deepest: Level;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
  /** Milliseconds; 5 s unless a test is in a hurry. */
  readonly secondLookAfterMs?: number;
}

/**
 * Visits once more the hosts whose changes rest on one ambiguous look. What both looks agree on is kept; what they
 * disagree on is left out, so that it stays as it was known. The other hosts come back as they were given.
 */
export async function lookAgain(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  moment: Moment,
  world: SecondLookWorld,
): Promise<SeenHost[]> {
  const doubtful = new Set(
    seen.filter((host) => needsSecondLook(compareSeen(known.get(host.id) ?? null, host, moment), host)),
  );
  if (doubtful.size === 0) return [...seen];
  const { signal, onProgress, secondLookAfterMs = SECOND_LOOK_AFTER_MS } = world;
  onProgress({ addresses: 0, asked: 0, hostsUp: seen.length, hostsDone: 0, stage: 'second look' });
  await sleep(secondLookAfterMs, undefined, { signal }).catch(() => {});
  return Promise.all(
    seen.map(async (host) => {
      if (!doubtful.has(host)) return host;
      const second = await factsOfSecondLook(host, world);
      const facts = confirmedFacts(known.get(host.id)?.facts ?? {}, host.facts, second);
      return {
        ...host,
        facts,
        asked: host.asked.filter((question) => isAnswered(question, host.facts, facts)),
      };
    }),
  );
}

async function factsOfSecondLook(
  host: SeenHost,
  { asker, lookInside, deepest, signal }: SecondLookWorld,
): Promise<Facts> {
  if (host.isAgent) return { 'agent.listening': (await lookInside()).listening };
  // SMB 1 selected needs no second look, and nobody logs on twice.
  const proven: readonly DeepQuestion[] =
    host.facts['smb.smb1'] === 'yes' ? ['smb1', 'anonymous'] : ['anonymous'];
  const due = host.asked.filter((question) => !proven.includes(question));
  const plan = {
    deepest,
    due,
    dueOnChange: due,
    known: {},
    knownCalledName: host.facts['netbios.calledName'] ?? null,
    usuallyAnswers: true,
  };
  const looks = (host.facts.addresses ?? []).map((address) =>
    asker.askAgain(address, host.mac, plan, signal),
  );
  const sightings = (await Promise.all(looks)).filter((each) => each !== null);
  const [again] = identify(sightings, new Map(), () => host.id);
  return again?.facts ?? {};
}

/** What the looks disagree on was not answered: it is asked again at the next sweep. */
function isAnswered(question: DeepQuestion, first: Facts, confirmed: Facts): boolean {
  const fact = ANSWERED_BY[question];
  return first[fact] === undefined || confirmed[fact] !== undefined;
}

const ANSWERED_BY = {
  smb1: 'smb.smb1',
  dialects: 'smb.dialects',
  identity: 'smb.identity',
  ciphers: 'smb.encryption.ciphers',
  anonymous: 'smb.anonymous.session',
} as const satisfies Record<DeepQuestion, FactName>;
