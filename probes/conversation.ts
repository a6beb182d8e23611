import type { Outcome } from './probe.ts';
import { NT_STATUS } from './wire/nt-status.ts';
import { DecodeError } from './wire/reader.ts';

/** However long it takes a host to answer each question, a whole conversation ends after this. */
export const WHOLE_CONVERSATION_MS = 12_000;

/** How long the answer to a logon is waited for: Windows 11 24H2 and Server 2025 let 2 s pass before they refuse. */
export const LOGON_TIMEOUT_MS = 5_000;

/** Said of the moment, not of the session: too busy, or a clash with another connection. */
const NOT_NOW: readonly number[] = [
  NT_STATUS.STATUS_INSUFFICIENT_RESOURCES,
  NT_STATUS.STATUS_REQUEST_NOT_ACCEPTED,
  NT_STATUS.STATUS_USER_SESSION_DELETED,
];

/** A conversation that ended before its time: how, as the outcome of the probe that led it. */
export class ConversationEnded extends Error {
  override readonly name = 'ConversationEnded';
  readonly outcome: Exclude<Outcome<never>, { kind: 'answered' }>;

  constructor(outcome: Exclude<Outcome<never>, { kind: 'answered' }>) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

/** A valid no. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
}

/** That a logon was refused. @throws ConversationEnded for a status that refuses this moment, not this session. */
export function logonRefused(status: number): Refused {
  if (NOT_NOW.includes(status)) throw new ConversationEnded({ kind: 'declined', status });
  return { kind: 'refused', status };
}

/** Runs a decoder; bytes that are not what they should be end the conversation. */
export function decoded<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw new ConversationEnded({ kind: 'malformed', why: error.message });
    throw error;
  }
}

/** Leads a conversation to its outcome, or to the one that it ended with before its time. */
export async function outcomeOf<Seen>(lead: () => Promise<Outcome<Seen>>): Promise<Outcome<Seen>> {
  try {
    return await lead();
  } catch (error) {
    if (error instanceof ConversationEnded) return error.outcome;
    throw error;
  }
}
