import { DEEP_QUESTIONS, type DeepQuestion } from './cadence.ts';
import { type FindingId, SEVERITIES, type Severity } from './finding.ts';
import type { Forgotten } from './history.ts';
import type { HostId } from './host.ts';

/** What the owner can tell the agent, from the command line or Home Assistant, that changes what is kept. */
export type OwnerCommand =
  | {
      readonly kind: 'ack';
      readonly scope: AckScope;
      /** Milliseconds UTC; null: without an end. */
      readonly until: number | null;
      readonly note: string | null;
      /** null: not told. */
      readonly by: string | null;
    }
  | { readonly kind: 'unack'; readonly scope: AckScope }
  | {
      readonly kind: 'ignore';
      readonly hostId: HostId;
      readonly until: number | null;
      readonly by: string | null;
    }
  | { readonly kind: 'unignore'; readonly hostId: HostId }
  | { readonly kind: 'forget'; readonly hostId: HostId }
  /** `probe` null: every probe that is held back from the host. */
  | { readonly kind: 'lift-quarantine'; readonly hostId: HostId; readonly probe: DeepQuestion | null }
  | { readonly kind: 'pause'; readonly until: number | null }
  | { readonly kind: 'resume' }
  | { readonly kind: 'set-interval'; readonly minutes: number }
  | { readonly kind: 'set-threshold'; readonly severity: Severity }
  /** Takes back what was set at run time, so that the configuration counts again. */
  | { readonly kind: 'reset'; readonly settings: readonly ResettableSetting[] };

/** Which findings: one, the open ones of a host, or all open ones. */
export type AckScope =
  | { readonly findingId: FindingId }
  | { readonly hostId: HostId }
  | { readonly all: true };

export const RESETTABLE = ['sweepInterval', 'alertThreshold'] as const;
export type ResettableSetting = (typeof RESETTABLE)[number];

/** What has become of a command. */
export interface DecisionOutcome {
  /** False: it was so already. */
  readonly changed: boolean;
  /** What went with a host that was forgotten; null for any other command. */
  readonly forgotten: Forgotten | null;
}

/** Minutes between sweeps that may be asked for. */
export const SWEEP_INTERVAL = { least: 5, most: 1440 } as const;
/** Characters. */
export const LONGEST_NOTE = 500;
export const LONGEST_NAME = 64;

/**
 * The command of that name with those arguments, as they arrive on the control socket, or null where it is none. Every
 * field is looked at: the sender may be of another version.
 */
export function readOwnerCommand(kind: string, args: unknown): OwnerCommand | null {
  const given = (typeof args === 'object' && args !== null ? args : {}) as Readonly<Record<string, unknown>>;
  const { hostId, until = null, note = null, by = null, minutes, severity, settings, probe } = given;
  const scope = readScope(given.scope);
  const ends = until === null || isWholeNumber(until);
  switch (kind) {
    case 'ack':
      return scope !== null && ends && isTextOrNull(note, LONGEST_NOTE) && isTextOrNull(by, LONGEST_NAME)
        ? { kind, scope, until, note, by }
        : null;
    case 'unack':
      return scope === null ? null : { kind, scope };
    case 'ignore':
      return isId(hostId) && ends && isTextOrNull(by, LONGEST_NAME) ? { kind, hostId, until, by } : null;
    case 'unignore':
    case 'forget':
      return isId(hostId) ? { kind, hostId } : null;
    case 'lift-quarantine': {
      const question = probe === null ? null : DEEP_QUESTIONS.find((each) => each === probe);
      return isId(hostId) && question !== undefined ? { kind, hostId, probe: question } : null;
    }
    case 'pause':
      return ends ? { kind, until } : null;
    case 'resume':
      return { kind };
    case 'set-interval':
      return isSweepInterval(minutes) ? { kind, minutes } : null;
    case 'set-threshold': {
      const known = SEVERITIES.find((each) => each === severity);
      return known === undefined ? null : { kind, severity: known };
    }
    case 'reset': {
      const wanted = RESETTABLE.filter((each) => Array.isArray(settings) && settings.includes(each));
      return wanted.length === 0 ? null : { kind, settings: wanted };
    }
    default:
      return null;
  }
}

/** A whole number of minutes that sweeps may be apart. */
export function isSweepInterval(minutes: unknown): minutes is number {
  return isWholeNumber(minutes) && minutes >= SWEEP_INTERVAL.least && minutes <= SWEEP_INTERVAL.most;
}

function readScope(scope: unknown): AckScope | null {
  if (typeof scope !== 'object' || scope === null) return null;
  if ('findingId' in scope && isId(scope.findingId)) return { findingId: scope.findingId };
  if ('hostId' in scope && isId(scope.hostId)) return { hostId: scope.hostId };
  return 'all' in scope && scope.all === true ? { all: true } : null;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9_]{1,32}$/.test(value);
}

function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isTextOrNull(value: unknown, longest: number): value is string | null {
  return value === null || (typeof value === 'string' && value.length <= longest);
}
