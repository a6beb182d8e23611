import type { Decided } from '../../domain/decide.ts';
import { eventsFor } from '../../domain/event.ts';
import type { CommandLog, History, Settings } from '../../domain/history.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import { configInForce } from '../config/in-force.ts';
import type { Config } from '../config.ts';
import { newEventId, type Random } from '../ids.ts';
import type { Log } from '../log.ts';

/** What the carrying out of the owner's commands needs. */
export interface DecisionWorld {
  readonly history: Pick<History, 'hosts' | 'recordDecision' | 'forgetHost' | 'liftQuarantine'>;
  readonly settings: Settings;
  readonly commands: CommandLog;
  /** As it was read; what is set at run time wins over it. */
  readonly config: Config;
  readonly log: Log;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly random: Random;
}

/** The command does not fit what is known: an unknown id, a resolved finding, an end that has passed. Nothing changed. */
export class DecisionRefused extends Error {
  override readonly name = 'DecisionRefused';
}

/** Records what was decided, with the events that announce it. */
export function record({ hosts, findings, changes }: Decided, world: DecisionWorld): void {
  if (changes.length === 0) return;
  const { alertThreshold, mqtt } = configInForce(world.config, world.settings);
  const events = eventsFor(changes, {
    hosts: new Map(hosts.map((host) => [host.id, host])),
    threshold: alertThreshold,
    newId: (at) => newEventId(world.random, at),
  });
  // Without a broker events would only pile up in the outbox.
  world.history.recordDecision({ hosts, findings, changes, events: mqtt.url === null ? [] : events });
}

/** @throws DecisionRefused for an id that nobody has. */
export function hostOf(id: HostId, { history }: Pick<DecisionWorld, 'history'>): HostRecord {
  const host = history.hosts().get(id);
  if (host === undefined) throw new DecisionRefused(`host ${id}: not known`);
  return host;
}
