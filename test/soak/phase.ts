import { setTimeout as delay } from 'node:timers/promises';
import { buildLab, type Lab } from '../lab/build-lab.ts';
import type { CastMember } from '../lab/hosts.ts';
import { warmUp } from '../lab/warm-up.ts';
import type { Alteration } from './alterations.ts';
import type { Space } from './comparison.ts';
import { SoakedDaemon, type SweptOnce } from './soaked-daemon.ts';
import type { Vitals } from './vitals.ts';

/** One daemon, one LAN, and so many sweeps one right after the other. */
export interface PhasePlan {
  readonly name: string;
  readonly cast: readonly CastMember[];
  /** As in the configuration. */
  readonly targets: readonly string[];
  readonly sweeps: number;
  /** Each so many sweeps: the daemon is measured … */
  readonly measureEvery: number;
  /** … something is altered, and what was altered the time before last is turned back … */
  readonly alterEvery: number;
  /** … and database and broker are compared: at least once while each thing is altered. */
  readonly compareEvery: number;
  /** What is altered, one thing after the other, again and again. */
  readonly alterations: readonly Alteration[];
  /** Idle, connected, before the first of them is measured. */
  readonly idleMs: number;
}

/** The daemon between two sweeps. */
export interface Measured extends Vitals {
  /** Sweeps done before. */
  readonly sweep: number;
  readonly space: Space;
  readonly recordedEvents: number;
}

/** One sweep; `quiet` when nothing was altered lately and nothing was recorded. */
export interface Swept extends SweptOnce {
  readonly sweep: number;
  readonly quiet: boolean;
}

export interface PhaseResult {
  readonly plan: PhasePlan;
  readonly idle: Vitals;
  readonly measured: readonly Measured[];
  readonly swept: readonly Swept[];
  /** How long the daemon took to answer in the middle of a sweep, milliseconds. */
  readonly answersAfterMs: readonly number[];
  /** How often something was altered, by what. */
  readonly altered: ReadonlyMap<string, number>;
  readonly comparisons: number;
  /** Sentences; empty: all went well. */
  readonly failures: readonly string[];
  readonly tookMs: number;
}

/** Something that was altered shows within so many sweeps: a host counts as lost after three. */
const SHOWS_WITHIN_SWEEPS = 5;
/** Of the daemon's log, characters that are shown when it fails. */
const LAST_WORDS = 3_000;
/** So many things are altered at the same time. */
export const MOST_STANDING = 2;
/** The collector runs when the sweep is over. */
const SETTLE_MS = 250;

/** Builds the lab, soaks the daemon in it, and removes the lab. `say` is told how it goes on. */
export async function runPhase(plan: PhasePlan, say: (text: string) => void): Promise<PhaseResult> {
  const lab = await buildLab(plan.cast);
  try {
    await allowManyRefusals(lab);
    await warmUp(lab.agent, lab.hosts);
    const daemon = await SoakedDaemon.start(lab, plan.targets);
    try {
      return await new Soak(plan, daemon, say).run();
    } finally {
      await daemon.stop();
    }
  } finally {
    await lab.close();
  }
}

/**
 * Linux answers one closed port a second to each peer, after a burst of six. Two sweeps a second ask more than that; one
 * every quarter of an hour does not.
 */
async function allowManyRefusals(lab: Lab): Promise<void> {
  for (const { station } of lab.hosts) await station.run('sysctl', ['-qw', 'net.ipv4.icmp_ratelimit=0']);
}

/** An alteration that has not been turned back, and before which sweep it was made. */
interface Standing {
  readonly alteration: Alteration;
  readonly since: number;
}

class Soak {
  readonly #plan: PhasePlan;
  readonly #daemon: SoakedDaemon;
  readonly #say: (text: string) => void;
  readonly #measured: Measured[] = [];
  readonly #swept: Swept[] = [];
  readonly #answersAfterMs: number[] = [];
  readonly #altered = new Map<string, number>();
  readonly #failures: string[] = [];
  #comparisons = 0;
  /** Not yet turned back, in order. */
  #standing: Standing[] = [];
  /** Of which host a change must be recorded, why, and by which sweep. */
  #awaited: { readonly hostId: string; readonly what: string; readonly by: number }[] = [];
  #alterations = 0;
  #alteredAt = Number.NEGATIVE_INFINITY;

  constructor(plan: PhasePlan, daemon: SoakedDaemon, say: (text: string) => void) {
    this.#plan = plan;
    this.#daemon = daemon;
    this.#say = say;
  }

  async run(): Promise<PhaseResult> {
    const begun = performance.now();
    // As on every day but the first: with a history, and no sweep due.
    await this.#daemon.restart();
    await delay(this.#plan.idleMs);
    const idle = this.#daemon.vitals();
    this.#say(`idle: RSS ${idle.rssKb} kB, anonymous ${idle.anonKb} kB`);
    for (let sweep = 1; sweep <= this.#plan.sweeps && this.#failures.length === 0; sweep += 1) {
      try {
        await this.#round(sweep);
      } catch (error) {
        const lastWords = this.#daemon.log.slice(-LAST_WORDS);
        this.#failures.push(`sweep ${sweep}: ${error}; the daemon said at last:\n${lastWords}`);
      }
    }
    if (this.#failures.length === 0) {
      const drift = await this.#daemon.driftOverRestart();
      this.#comparisons += 1;
      this.#failures.push(...drift.map((line) => `after the last sweep, over a restart: ${line}`));
    }
    return {
      plan: this.#plan,
      idle,
      measured: this.#measured,
      swept: this.#swept,
      answersAfterMs: this.#answersAfterMs,
      altered: this.#altered,
      comparisons: this.#comparisons,
      failures: this.#failures,
      tookMs: performance.now() - begun,
    };
  }

  /** Before the sweep something may be altered, after it the daemon measured and compared. */
  async #round(sweep: number): Promise<void> {
    const { sweeps, measureEvery, alterEvery, compareEvery } = this.#plan;
    if (sweep % alterEvery === 0) await this.#alter(sweep);
    await this.#turnBack(sweep);
    await this.#sweep(sweep, sweep % measureEvery === 1 % measureEvery);
    if (sweep % measureEvery === 0 || sweep === sweeps) await this.#measure(sweep);
    if (sweep % compareEvery === 0 || sweep === sweeps) await this.#compare(sweep);
  }

  async #alter(sweep: number): Promise<void> {
    const { alterations } = this.#plan;
    const alteration = alterations[this.#alterations % alterations.length];
    this.#alterations += 1;
    if (alteration === undefined) return;
    this.#altered.set(alteration.what, (this.#altered.get(alteration.what) ?? 0) + 1);
    this.#note(alteration, alteration.what, sweep);
    await alteration.there(this.#daemon);
    this.#standing.push({ alteration, since: sweep });
  }

  async #turnBack(sweep: number): Promise<void> {
    const longest = MOST_STANDING * this.#plan.alterEvery;
    const isDue = ({ alteration, since }: Standing): boolean =>
      sweep - since >= (alteration.isBrief === true ? SHOWS_WITHIN_SWEEPS : longest);
    for (const { alteration } of this.#standing.filter(isDue)) {
      this.#note(alteration, `no longer: ${alteration.what}`, sweep);
      await alteration.back(this.#daemon);
    }
    this.#standing = this.#standing.filter((each) => !isDue(each));
  }

  #note({ changes }: Alteration, what: string, sweep: number): void {
    this.#say(`sweep ${sweep}: ${what}`);
    this.#alteredAt = sweep;
    if (changes === null) return;
    this.#awaited.push({ hostId: this.#daemon.hostId(changes), what, by: sweep + SHOWS_WITHIN_SWEEPS - 1 });
  }

  async #sweep(sweep: number, andAskMeanwhile: boolean): Promise<void> {
    const sweeping = this.#daemon.sweep();
    // Its failure is thrown below; until then it is not unhandled.
    sweeping.catch(() => {});
    if (andAskMeanwhile) this.#answersAfterMs.push(await this.#daemon.answersAfterMs());
    const swept = await sweeping;
    const { changes, complete, suspect } = swept;
    const isSettled = sweep - this.#alteredAt > SHOWS_WITHIN_SWEEPS;
    this.#swept.push({ ...swept, sweep, quiet: isSettled && changes.length === 0 });
    if (!complete) this.#say(`sweep ${sweep}: incomplete`);
    if (isSettled) for (const { summary } of changes) this.#say(`sweep ${sweep}: unasked: ${summary}`);
    if (suspect !== null) this.#failures.push(`sweep ${sweep} was not believed: ${suspect}`);
    const changed = new Set(changes.map(({ hostId }) => hostId));
    this.#awaited = this.#awaited.filter(({ hostId }) => !changed.has(hostId));
    const unseen = this.#awaited.filter(({ by }) => sweep >= by);
    this.#failures.push(...unseen.map(({ what }) => `sweep ${sweep}: nobody has seen: ${what}`));
  }

  async #measure(sweep: number): Promise<void> {
    await delay(SETTLE_MS);
    const vitals = this.#daemon.vitals();
    const space = this.#daemon.comparison.space();
    const recordedEvents = this.#daemon.comparison.eventsRecorded();
    this.#measured.push({ ...vitals, sweep, space, recordedEvents });
    const { rssKb, anonKb, descriptors, threads } = vitals;
    const wallMs = Math.round(this.#swept.at(-1)?.wallMs ?? 0);
    this.#say(
      `sweep ${sweep} of ${this.#plan.sweeps}: ${wallMs} ms; RSS ${rssKb} kB, anonymous ${anonKb} kB, ` +
        `${descriptors} descriptors, ${threads} threads, database ${Math.round(space.usedBytes / 1_000)} kB`,
    );
  }

  async #compare(sweep: number): Promise<void> {
    const drift = await this.#daemon.comparison.drift();
    this.#comparisons += 1;
    this.#failures.push(...drift.map((line) => `after sweep ${sweep}: ${line}`));
    if (drift.length === 0) this.#say(`sweep ${sweep}: database and broker say the same`);
  }
}
