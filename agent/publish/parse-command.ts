import { HOME_ASSISTANT } from '../../domain/decision.ts';
import { SEVERITIES } from '../../domain/finding.ts';
import { MOMENTS_AHEAD, momentAhead } from '../../domain/moment.ts';
import {
  type AckScope,
  isSweepInterval,
  LONGEST_NAME,
  LONGEST_NOTE,
  SWEEP_INTERVAL,
} from '../../domain/owner-command.ts';
import type { AgentCommand } from './publisher.ts';

/** Commands as they arrive from the broker, where anybody may have sent them. */

/** Why a message is no command. */
export interface Mistake {
  readonly error: string;
}

type Fields = Readonly<Record<string, unknown>>;

const LARGEST_PAYLOAD = 1024;
const LEVELS = ['L1', 'L2', 'L3', 'L4'] as const;
const ID = '([a-z0-9_]{1,32})';

/** Topics below `cmd/`, and what makes a command of what was sent there. `id` is what stands for the brackets. */
const FORMS: readonly {
  readonly topic: RegExp;
  readonly read: (payload: string, id: string, now: number) => AgentCommand | Mistake;
}[] = [
  { topic: /^sweep$/, read: readSweep },
  { topic: /^findings\/ack_all$/, read: (payload) => withoutFields(payload, ackOf({ all: true })) },
  {
    topic: new RegExp(`^finding/${ID}/ack$`),
    read: (payload, findingId, now) => readAck(payload, { findingId }, ['by', 'note', 'until'], now),
  },
  {
    topic: new RegExp(`^finding/${ID}/unack$`),
    read: (payload, findingId) => withoutFields(payload, { kind: 'unack', scope: { findingId } }),
  },
  {
    topic: new RegExp(`^host/${ID}/recheck$`),
    read: (payload, hostId) => withoutFields(payload, { kind: 'recheck', hostId }),
  },
  {
    topic: new RegExp(`^host/${ID}/ack$`),
    read: (payload, hostId, now) => readAck(payload, { hostId }, ['note', 'until'], now),
  },
  {
    topic: new RegExp(`^host/${ID}/ignore/set$`),
    read: (payload, hostId) =>
      readSwitch(
        payload,
        { kind: 'ignore', hostId, until: null, by: HOME_ASSISTANT },
        { kind: 'unignore', hostId },
      ),
  },
  {
    topic: /^sweeps_enabled\/set$/,
    read: (payload) => readSwitch(payload, { kind: 'resume' }, { kind: 'pause', until: null }),
  },
  { topic: /^sweep_interval\/set$/, read: readInterval },
  { topic: /^alert_threshold\/set$/, read: readThreshold },
  { topic: /^ha\/republish$/, read: (payload) => withoutFields(payload, { kind: 'republish' }) },
  { topic: /^ha\/remove_all$/, read: (payload) => withoutFields(payload, { kind: 'remove-all' }) },
];

/**
 * The command of that name (its topic below `cmd/`), or why it is none. Nothing but what the contract names is accepted.
 * `now`: milliseconds UTC, for ends that are given as a span.
 */
export function parseCommand(name: string, payload: string, now: number): AgentCommand | Mistake {
  for (const { topic, read } of FORMS) {
    const match = topic.exec(name);
    if (match === null) continue;
    if (new TextEncoder().encode(payload).length > LARGEST_PAYLOAD)
      return { error: 'payload larger than 1 KiB' };
    return read(payload, match[1] ?? '', now);
  }
  return { error: 'no such command' };
}

function readSweep(payload: string): AgentCommand | Mistake {
  const fields = fieldsOf(payload, ['level']);
  if ('error' in fields) return fields;
  const { level = null } = fields.known;
  const known = LEVELS.find((each) => each === level);
  if (level !== null && known === undefined) return { error: 'level is one of L1, L2, L3, L4' };
  return { kind: 'sweep', level: known ?? null };
}

function readAck(
  payload: string,
  scope: AckScope,
  keys: readonly string[],
  now: number,
): AgentCommand | Mistake {
  const fields = fieldsOf(payload, keys);
  if ('error' in fields) return fields;
  const { until: end = null, note = null, by = null } = fields.known;
  if (!isShortText(note, LONGEST_NOTE))
    return { error: `note is a text of at most ${LONGEST_NOTE} characters` };
  if (!isShortText(by, LONGEST_NAME)) return { error: `by is a text of at most ${LONGEST_NAME} characters` };
  const until = typeof end === 'string' ? momentAhead(end, now) : null;
  if (end !== null && until === null) return { error: `until is ${MOMENTS_AHEAD}` };
  if (until !== null && until <= now) return { error: 'until has passed' };
  return { ...ackOf(scope), until, note, by };
}

function ackOf(scope: AckScope) {
  return { kind: 'ack', scope, until: null, note: null, by: null } as const;
}

function readSwitch(payload: string, on: AgentCommand, off: AgentCommand): AgentCommand | Mistake {
  if (payload !== 'ON' && payload !== 'OFF') return { error: 'payload is ON or OFF' };
  return payload === 'ON' ? on : off;
}

function readInterval(payload: string): AgentCommand | Mistake {
  // Home Assistant may write 30 as 30.0.
  const minutes = /^\d{1,4}(\.0)?$/.test(payload) ? Number(payload) : null;
  if (!isSweepInterval(minutes))
    return {
      error: `payload is a whole number of minutes from ${SWEEP_INTERVAL.least} to ${SWEEP_INTERVAL.most}`,
    };
  return { kind: 'set-interval', minutes };
}

function readThreshold(payload: string): AgentCommand | Mistake {
  const severity = SEVERITIES.find((each) => each === payload);
  return severity === undefined
    ? { error: `payload is one of ${SEVERITIES.join(', ')}` }
    : { kind: 'set-threshold', severity };
}

function withoutFields(payload: string, command: AgentCommand): AgentCommand | Mistake {
  const fields = fieldsOf(payload, []);
  return 'error' in fields ? fields : command;
}

/** The fields of a JSON object that has no others than `keys`. */
function fieldsOf(payload: string, keys: readonly string[]): { readonly known: Fields } | Mistake {
  const fields = jsonObject(payload);
  const example = keys.length === 0 ? '{}' : `{} or an object with ${keys.join(', ')}`;
  if (fields === null) return { error: `payload is not a JSON object; write ${example}` };
  const strange = Object.keys(fields).some((key) => !keys.includes(key));
  return strange ? { error: `unknown key; write ${example}` } : { known: fields };
}

function isShortText(value: unknown, longest: number): value is string | null {
  return value === null || (typeof value === 'string' && value.length <= longest);
}

function jsonObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}
