/** Keeps the event loop of this process from everything else. */
export function beBusyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
