import { existsSync } from 'node:fs';
import type { Severity } from '../domain/finding.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import type { BrokerTools, Tended } from './commands/context.ts';
import { configInForce, pauseOf } from './config/in-force.ts';
import { askControl, controlPath } from './control.ts';
import { databaseFile } from './data-dir.ts';
import { newAgentId, newEventId } from './ids.ts';
import { brokerOf, openPublisher, pictureOf, RETENTION_WITHIN_MS } from './outside.ts';
import type { Publisher, Retention, Trial } from './publish/publisher.ts';
import { tryBroker } from './publish/trial.ts';
import type { RuntimeOptions } from './runtime.ts';
import { random, scopeOf } from './wiring.ts';

/** Runs `work` as the one process that owns the data directory. */
export type AsOwner = <Value>(work: (storage: Storage) => Promise<Value>) => Promise<Value>;

/** What `smbwarden mqtt` does: through the daemon where there is one, else by itself. */
export function brokerTools(options: RuntimeOptions, asOwner: AsOwner): BrokerTools {
  return {
    test: (severity) => test(severity, options, asOwner),
    republish: () => tend('republish', options, asOwner),
    removeAll: () => tend('remove-all', options, asOwner),
  };
}

async function test(severity: Severity, options: RuntimeOptions, asOwner: AsOwner): Promise<Trial> {
  const { config, now } = options;
  const mqtt = brokerOf(config);
  if (mqtt === null) throw new Error('no broker is configured');
  const agentId = config.agent.id ?? knownAgentId(options) ?? (await asOwner(async (own) => agentIdOf(own)));
  return tryBroker({ mqtt, agentId, severity, eventId: newEventId(random, now()), now });
}

/** Without becoming the owner, who may be a daemon; null: there is no history yet. */
function knownAgentId({ dataDir, version, now }: RuntimeOptions): string | null {
  const file = databaseFile(dataDir);
  if (!existsSync(file)) return null;
  const storage = openStorage({ file, mode: 'read-only', version, now });
  try {
    return storage.history.agentId(() => '') || null;
  } finally {
    storage.close();
  }
}

function agentIdOf({ history }: Storage): string {
  return history.agentId(() => newAgentId(random));
}

async function tend(
  command: 'republish' | 'remove-all',
  options: RuntimeOptions,
  asOwner: AsOwner,
): Promise<Tended> {
  const answer = await askControl(controlPath(options.dataDir), { command, args: null });
  if (answer !== null) return { ...(answer.result as Retention), byDaemon: true };
  return asOwner(async (storage) => {
    const publisher = publisherAt(storage, options);
    try {
      if (command === 'remove-all') publisher.removeAll();
      else await publishAll(publisher, storage, options);
      storage.commands.add({ at: options.now(), source: 'cli', command, args: {}, outcome: 'done' });
      return { ...(await publisher.retention(RETENTION_WITHIN_MS)), byDaemon: false };
    } finally {
      await publisher.close();
    }
  });
}

function publisherAt(storage: Storage, options: RuntimeOptions): Publisher {
  const agentId = options.config.agent.id ?? agentIdOf(storage);
  const onCommand = async () => ({ ok: false, error: 'no daemon is running' });
  return openPublisher({ ...options, storage, agentId, onCommand });
}

/** A connection leaves alone what the broker has already; to send that too, it has to stand. */
async function publishAll(publisher: Publisher, storage: Storage, options: RuntimeOptions): Promise<void> {
  const { config, now } = options;
  const { targets } = scopeOf(configInForce(config, storage.settings), []);
  const sweepsEnabled = pauseOf(storage.settings, now()) === null;
  publisher.publish(
    pictureOf(storage, {
      config,
      status: 'idle',
      problem: null,
      nextSweepAt: null,
      sweepsEnabled,
      targets,
    }),
  );
  await publisher.retention(RETENTION_WITHIN_MS);
  publisher.republish();
}
