/** How long an unanswered question is waited for, learnt from the handshakes of one subnet. */
export interface Patience {
  /** Milliseconds for one attempt to connect. There is one repeat. */
  attemptMs(): number;
  /** A handshake, or a refusal, took so long. */
  learn(tookMs: number): void;
  /** True once this subnet has proved quick. */
  isQuick(): boolean;
}

const QUICK_HANDSHAKE_MS = 10;
const QUICK_ATTEMPT_MS = 400;
const SLOW_ATTEMPT_MS = 2_000;
const SAMPLES_BEFORE_QUICK = 3;
const SAMPLES_KEPT = 256;

/**
 * Patience for one subnet (docs/probing.md): while three of four measured handshakes stay under 10 ms an attempt gets
 * 400 ms, else 2 s. Nothing measured yet counts as slow.
 */
export function learnPatience(): Patience {
  const samples: number[] = [];
  const isQuick = (): boolean => {
    if (samples.length < SAMPLES_BEFORE_QUICK) return false;
    const slow = samples.filter((ms) => ms >= QUICK_HANDSHAKE_MS).length;
    return slow * 4 <= samples.length;
  };
  return {
    attemptMs: () => (isQuick() ? QUICK_ATTEMPT_MS : SLOW_ATTEMPT_MS),
    learn: (tookMs) => {
      samples.push(tookMs);
      if (samples.length > SAMPLES_KEPT) samples.shift();
    },
    isQuick,
  };
}

/** How long the next negotiate with one host is waited for, learnt from how long it took over the earlier ones. */
export interface ReplyPatience {
  /** Milliseconds. */
  waitMs(): number;
  /** A negotiate was answered after so long. */
  learn(tookMs: number): void;
}

/** Before the host has answered a negotiate, and at most. */
const LONGEST_WAIT_MS = 2_000;
const SHORTEST_WAIT_MS = 500;
/** A server that is loaded or starts a process for each connection may well need ten times as long as it did before. */
const TIMES_SLOWER = 20;

/** Twenty times the slowest reply so far, 500 ms at least and 2 s at most; 2 s before the first. */
export function learnReplyPatience(): ReplyPatience {
  let slowest: number | null = null;
  return {
    waitMs: () =>
      slowest === null
        ? LONGEST_WAIT_MS
        : Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, TIMES_SLOWER * slowest)),
    learn: (tookMs) => {
      slowest = Math.max(slowest ?? 0, tookMs);
    },
  };
}
