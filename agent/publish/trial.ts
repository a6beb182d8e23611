import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { SecurityEvent } from '../../domain/event.ts';
import type { Severity } from '../../domain/finding.ts';
import { endpointOf, readCredentials } from './endpoint.ts';
import { eventPayload, triggerPayloads } from './events.ts';
import type { MqttConfig, Trial, TrialStep } from './publisher.ts';
import { type Topics, topicsOf } from './topics.ts';

/** Sends one test alert over a connection of its own, and watches every step of it. */

/** How a connection of its own is made, beside that of a running daemon. */
export interface LoginOptions {
  readonly mqtt: MqttConfig;
  readonly agentId: string;
  /** The end of the client id; missing: `test`. */
  readonly purpose?: string;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** Longest wait for one step, milliseconds; for tests. */
  readonly patience?: number;
}

export interface TrialOptions extends LoginOptions {
  /** Decides which automations take it for an alert of theirs. */
  readonly severity: Severity;
  readonly eventId: string;
}

const PATIENCE_MS = 10_000;
const VERSION_REFUSED = [0x84, 0x01];
const CREDENTIALS_REFUSED = [0x86, 0x87, 0x04, 0x05];

/**
 * Resolves with what became of it; a broker that is away or refuses is told by the steps. The session of a running
 * daemon is left alone: this one has another client id.
 * @throws TypeError for a base topic or agent id that cannot be part of a topic.
 */
export async function tryBroker(options: TrialOptions): Promise<Trial> {
  const { mqtt, agentId } = options;
  const topics = topicsOf({ ...mqtt, agentId });
  const url = new URL(mqtt.url);
  const about = { broker: `${url.protocol}//${url.host}`, username: mqtt.username };
  const steps: TrialStep[] = [];
  const client = await logIn(options, mqtt.protocolVersion, steps);
  if (client === null) return { ...about, protocolVersion: null, steps };
  try {
    await sendAlert(client, options, topics, steps);
  } finally {
    client.end(true);
  }
  return { ...about, protocolVersion: client.options.protocolVersion === 5 ? 5 : 4, steps };
}

/** Steps `reach` and `login`, over MQTT 3.1.1 where the broker speaks nothing newer; null where one failed. */
export async function logIn(
  options: LoginOptions,
  protocolVersion: 5 | 4,
  steps: TrialStep[],
): Promise<MqttClient | null> {
  const { now } = options;
  const startedAt = now();
  let reachedAt: number | null = null;
  const told = (error: unknown): null => {
    const code = codeOf(error);
    const reached = reachedAt ?? (typeof code === 'number' ? now() : null);
    if (reached === null) steps.push(failed('reach', startedAt, now(), error));
    else steps.push(done('reach', startedAt, reached), failed('login', reached, now(), error));
    return null;
  };
  let clientOptions: IClientOptions;
  try {
    clientOptions = optionsOf(options, protocolVersion);
  } catch (error) {
    steps.push(failed('login', startedAt, now(), error));
    return null;
  }
  const client = connect(clientOptions);
  client.stream.once(clientOptions.protocol === 'mqtts' ? 'secureConnect' : 'connect', () => {
    reachedAt = now();
  });
  // Late errors, of a connection that has been given up.
  client.on('error', () => {});
  try {
    await withPatience(options, connected(client));
  } catch (error) {
    client.end(true);
    if (protocolVersion === 5 && VERSION_REFUSED.includes(codeOf(error) as number))
      return logIn(options, 4, steps);
    return told(error);
  }
  steps.push(done('reach', startedAt, reachedAt ?? now()), done('login', reachedAt ?? now(), now()));
  return client;
}

function optionsOf(
  { mqtt, agentId, purpose = 'test' }: LoginOptions,
  protocolVersion: 5 | 4,
): IClientOptions {
  return {
    ...endpointOf(mqtt.url),
    ...readCredentials(mqtt),
    protocolVersion,
    clientId: `${mqtt.clientId ?? `smbwarden-${agentId}`}-${purpose}`,
    clean: true,
    keepalive: mqtt.keepalive,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: 'native',
    writeCache: false,
    rejectUnauthorized: mqtt.rejectUnauthorized,
    ...(mqtt.servername === null ? {} : { servername: mqtt.servername }),
  };
}

function connected(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker closed the connection')));
  });
}

/** Steps `subscribe`, `publish` and `return`. */
async function sendAlert(
  client: MqttClient,
  options: TrialOptions,
  topics: Topics,
  steps: TrialStep[],
): Promise<void> {
  const alert = testAlert(options);
  const payload = eventPayload(alert, topics, false);
  const returned = new Promise<void>((resolve) =>
    client.on('message', (_topic, bytes) => {
      if (bytes.toString() === payload) resolve();
    }),
  );
  const take = stepTaker(options, steps);
  if (!(await take('subscribe', client.subscribeAsync(topics.event, { qos: 1 })))) return;
  if (!(await take('publish', client.publishAsync(topics.event, payload, { qos: 1 })))) return;
  const triggers = triggerPayloads(alert).map((type) =>
    client.publishAsync(topics.trigger, type, { qos: 1 }),
  );
  // Device triggers are no part of the round trip, but they leave too.
  const sent = Promise.allSettled(triggers);
  await take('return', returned);
  await withPatience(options, sent).catch(() => {});
}

/** Waits for the work of one step, and notes in `steps` what became of it; true when it was done. */
export function stepTaker(options: LoginOptions, steps: TrialStep[]) {
  const { now } = options;
  return async (step: TrialStep['step'], work: Promise<unknown>): Promise<boolean> => {
    const startedAt = now();
    try {
      await withPatience(options, work);
      steps.push(done(step, startedAt, now()));
      return true;
    } catch (error) {
      steps.push(failed(step, startedAt, now(), error));
      return false;
    }
  };
}

/** An alert like that of a new finding, of no host and no rule: it can neither be acknowledged nor resolved. */
function testAlert({ severity, eventId, now }: TrialOptions): SecurityEvent {
  return {
    id: eventId,
    type: 'finding_opened',
    occurredAt: now(),
    severity,
    findingId: null,
    rule: null,
    title: 'Test alert',
    message: 'This is a test alert of smbwarden: nothing was found',
    hostId: null,
    hostName: null,
    address: null,
    mac: null,
    count: null,
  };
}

function done(step: TrialStep['step'], from: number, to: number): TrialStep {
  return { step, tookMs: to - from, error: null };
}

function failed(step: TrialStep['step'], from: number, to: number, error: unknown): TrialStep {
  const code = codeOf(error);
  const hint = CREDENTIALS_REFUSED.includes(code as number) ? `; ${HINTS[step]}` : '';
  const message = error instanceof Error ? error.message : String(error);
  return { step, tookMs: to - from, error: `${message || code}${hint}` };
}

const HINTS: Readonly<Record<TrialStep['step'], string>> = {
  reach: 'check the URL',
  login: 'check user name and password',
  subscribe: "check the broker's access rules",
  publish: "check the broker's access rules",
  return: "check the broker's access rules",
};

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

/** @throws Error when `work` takes longer than one step may. */
async function withPatience(
  { patience = PATIENCE_MS }: Pick<LoginOptions, 'patience'>,
  work: Promise<unknown>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience / 1000} s`)), patience);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
