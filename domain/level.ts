/** How deep a probe goes (docs/probing.md): L1 presence and ports, L2 one negotiate, L3 single questions, L4 sessions. */
export const LEVELS = ['L0', 'L1', 'L2', 'L3', 'L4'] as const;
export type Level = (typeof LEVELS)[number];

/** True when `level` is allowed where `deepest` is the limit. */
export function allows(deepest: Level, level: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(deepest);
}

/** The one that goes less deep. */
export function shallower(a: Level, b: Level): Level {
  return allows(a, b) ? b : a;
}

/** A level at which something is sent. */
export type AskingLevel = Exclude<Level, 'L0'>;

/** True for `L1` to `L4`. */
export function isAskingLevel(text: unknown): text is AskingLevel {
  return text !== 'L0' && LEVELS.some((level) => level === text);
}
