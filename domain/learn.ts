import { ruleOf } from './assess.ts';
import { type Expectation, judgeExpectation, NO_EXPECTATION, type SmbFloor } from './expectation.ts';
import { type Facts, provenDialects, servicesOf, servicesOverIpv6 } from './facts.ts';

/**
 * What a host keeps already, as declarations for the owner to edit: whatever is worse than that later is then told. Of
 * what is not known, or is bad already, nothing is declared. `now`: milliseconds UTC.
 */
export function learnedExpectation(known: Facts, now: number): Expectation {
  const keeps = (declared: Partial<Expectation>): boolean =>
    judgeExpectation({ ...NO_EXPECTATION, ...declared }, known, (rule, facts) =>
      ruleOf(rule).judge(facts, now),
    ).answer === 'no';
  const firstKept = <Key extends keyof Expectation>(
    key: Key,
    ...strictestFirst: readonly Expectation[Key][]
  ) => strictestFirst.find((value) => keeps({ [key]: value })) ?? null;
  const open = [...servicesOf(known), ...servicesOverIpv6(known)].filter(
    ({ transport, state }) => transport === 'tcp' && state === 'open',
  );
  const ports = [...new Set(open.map(({ port }) => port))].sort((a, b) => a - b);
  return {
    smb: firstKept('smb', 'no', ...floorOf(known)),
    signing: firstKept('signing', 'required'),
    encryption: firstKept('encryption', 'required', 'supported'),
    smb1: keeps({ smb1: false }) ? false : null,
    guest: keeps({ guest: false }) ? false : null,
    netbios: keeps({ netbios: false }) ? false : null,
    ports,
  };
}

/** The oldest dialect of SMB 2 and 3 that is spoken. */
function floorOf(known: Facts): SmbFloor[] {
  const [oldest] = provenDialects(known);
  return oldest === undefined || oldest === 'NT LM 0.12' ? [] : [`>=${oldest}`];
}
