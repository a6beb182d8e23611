import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import type { Examination, TrialStep } from './publisher.ts';
import { type Topics, topicsOf } from './topics.ts';
import { type LoginOptions, logIn, stepTaker } from './trial.ts';

/** Finds out how far the way to the broker and to Home Assistant is open; nobody is alerted, nothing is left behind. */

export interface ExaminationOptions extends LoginOptions {
  /** Names the topic of this examination, lower-case letters and digits: nobody else is on it. */
  readonly token: string;
  /** How long to wait for Home Assistant's birth message where none is retained, milliseconds; for tests. */
  readonly birthWithinMs?: number;
}

const BIRTH_WITHIN_MS = 3_000;

/**
 * Logs in, sends a message with QoS 1 to a topic of its own and waits for it to come back, and for Home Assistant's birth
 * message, retained or fresh. The session of a running daemon is left alone: this one has another client id.
 * @throws TypeError for a base topic or agent id that cannot be part of a topic.
 */
export async function examineBroker(options: ExaminationOptions): Promise<Examination> {
  const { mqtt, agentId } = options;
  const topics = topicsOf({ ...mqtt, agentId });
  const steps: TrialStep[] = [];
  const client = await logIn({ ...options, purpose: 'doctor' }, mqtt.protocolVersion, steps);
  if (client === null) return { protocolVersion: null, steps, homeAssistant: 'unknown' };
  const protocolVersion = client.options.protocolVersion === 5 ? 5 : 4;
  try {
    // Listening begins first: the round trip takes a part of the wait.
    const birth = hearBirth(client, topics, options.birthWithinMs ?? BIRTH_WITHIN_MS);
    await roundTrip(client, options, topics, steps);
    return { protocolVersion, steps, homeAssistant: await birth };
  } finally {
    await leave(client);
  }
}

/** Steps `subscribe`, `publish` and `return`. */
async function roundTrip(
  client: MqttClient,
  options: ExaminationOptions,
  topics: Topics,
  steps: TrialStep[],
): Promise<void> {
  const topic = `${topics.doctor}/${options.token}`;
  const returned = new Promise<void>((resolve) =>
    client.on('message', (heard) => {
      if (heard === topic) resolve();
    }),
  );
  const take = stepTaker(options, steps);
  if (!(await take('subscribe', client.subscribeAsync(topic, { qos: 1 })))) return;
  if (!(await take('publish', client.publishAsync(topic, options.token, { qos: 1 })))) return;
  await take('return', returned);
}

/** `unknown`: no birth message is retained, none came, or the broker does not let this user hear it. */
function hearBirth(
  client: MqttClient,
  { status }: Topics,
  withinMs: number,
): Promise<Examination['homeAssistant']> {
  return new Promise((resolve) => {
    const told = (homeAssistant: Examination['homeAssistant']) => {
      clearTimeout(timer);
      resolve(homeAssistant);
    };
    const giveUp = () => told('unknown');
    const timer = setTimeout(giveUp, withinMs);
    client.on('close', giveUp);
    client.on('message', (topic, bytes) => {
      if (topic === status) told(bytes.toString() === 'online' ? 'online' : 'offline');
    });
    client.subscribeAsync(status, { qos: 1 }).catch(giveUp);
  });
}

const LEAVE_WITHIN_MS = 1_000;

/** With a DISCONNECT, so that the broker has nothing to wonder about; without one where it still owes an answer. */
async function leave(client: MqttClient): Promise<void> {
  const left = client.endAsync().catch(() => {});
  await Promise.race([left, sleep(LEAVE_WITHIN_MS, undefined, { ref: false })]);
  client.end(true);
}
