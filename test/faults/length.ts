/** SMBWARDEN_FAULTS=full: every fault as often and as long as docs/reliability.md says. Else reduced, for CI. */
export const IS_FULL = process.env.SMBWARDEN_FAULTS === 'full';

/** How often, or how long: `full` in a full-length run, `reduced` in CI. */
export function times(full: number, reduced: number): number {
  return IS_FULL ? full : reduced;
}
