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
