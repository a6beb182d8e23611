import { type Expectation, NO_EXPECTATION, narrowed } from './expectation.ts';
import type { RuleId, Severity } from './finding.ts';

/** Severities that the owner set in place of those of the rules; `off`: the rule is not judged. */
export type SeverityOverrides = { readonly [Rule in RuleId]?: Severity | 'off' | undefined };

/** What the owner declared, of all hosts or of one. */
export interface Policy {
  readonly expect: Expectation;
  readonly severity: SeverityOverrides;
}

/** Nothing is declared: the rules as they are. */
export const NO_POLICY: Policy = { expect: NO_EXPECTATION, severity: {} };

/** What is declared of one host, laid over what is declared of all. */
export function policyFor(general: Policy, own: Policy | null): Policy {
  if (own === null) return general;
  return {
    expect: narrowed(general.expect, own.expect),
    severity: { ...general.severity, ...own.severity },
  };
}
