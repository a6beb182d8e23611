/**
 * Gives back what a start or a sweep has left behind, where Node.js lets us (--expose-gc), instead of keeping it until the
 * next sweep. "Last resort" includes the compiled form of functions, which is made anew when they are called.
 */
export function tidyMemory(): void {
  void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
