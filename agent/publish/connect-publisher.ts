import type { Outbox, RetainedLedger } from '../../domain/history.ts';
import type { VendorOf } from '../../domain/host.ts';
import type { Log } from '../log.ts';
import type { CommandOutcome } from './commands.ts';
import { Connection } from './mqtt.ts';
import type { AgentCommand, MqttConfig, Publisher } from './publisher.ts';
import { Session } from './session.ts';
import { TIMING, type Timing } from './timing.ts';
import { topicsOf } from './topics.ts';

export interface PublisherOptions {
  readonly mqtt: MqttConfig;
  readonly agentId: string;
  readonly version: string;
  readonly outbox: Outbox;
  readonly retained: RetainedLedger;
  readonly vendorOf: VendorOf;
  /** Carries out a command that arrived over MQTT; what it resolves to is the answer to the sender. */
  readonly onCommand: (command: AgentCommand) => Promise<CommandOutcome>;
  /** When quiet hours end that count now, milliseconds UTC; null, or missing: none count. Events wait until then. */
  readonly quietUntil?: () => number | null;
  readonly log: Log;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** For tests. */
  readonly timing?: Partial<Timing>;
}

/**
 * Starts to connect, and keeps at it until closed. Nothing is published before the first picture.
 * @throws TypeError for a base topic, discovery prefix, status topic or agent id that cannot be part of a topic.
 */
export function connectPublisher(options: PublisherOptions): Publisher {
  const timing = { ...TIMING, ...options.timing };
  const topics = topicsOf({ ...options.mqtt, agentId: options.agentId });
  const connection = new Connection({ ...options, timing, willTopic: topics.availability });
  const session = new Session(connection, { ...options, topics, timing });
  connection.open(session);
  return session;
}
