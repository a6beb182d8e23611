import { type CommandContext, NotFoundError, type OpenStorage } from './context.ts';

/** Opens the history for reading, lets `work` use it, and closes it whatever happens. @throws NotFoundError, StorageError */
export function reading<Value>(
  context: Pick<CommandContext, 'storage' | 'dataDir'>,
  work: (storage: OpenStorage) => Value,
): Value {
  const storage = opened(context);
  try {
    return work(storage);
  } finally {
    storage.close();
  }
}

/** The same for work that takes its time. @throws NotFoundError, StorageError */
export async function readingThroughout<Value>(
  context: Pick<CommandContext, 'storage' | 'dataDir'>,
  work: (storage: OpenStorage) => Promise<Value>,
): Promise<Value> {
  const storage = opened(context);
  try {
    return await work(storage);
  } finally {
    storage.close();
  }
}

function opened(context: Pick<CommandContext, 'storage' | 'dataDir'>): OpenStorage {
  try {
    return context.storage('read-only');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'missing') throw error;
    throw new NotFoundError(
      `reading the history in ${context.dataDir}: there is none. Run "smbwarden sweep" first, or name another place with --data-dir`,
    );
  }
}

/** Who recorded this history: the id of the configuration, else the one in the database; null where none was made yet. */
export function agentOf(
  context: Pick<CommandContext, 'config' | 'version'>,
  { history }: Pick<OpenStorage, 'history'>,
): { readonly id: string | null; readonly version: string } {
  return { id: context.config.agent.id ?? knownAgentId(history), version: context.version };
}

class NoAgentYet extends Error {}

function knownAgentId(history: OpenStorage['history']): string | null {
  try {
    return history.agentId(() => {
      throw new NoAgentYet();
    });
  } catch (error) {
    if (error instanceof NoAgentYet) return null;
    throw error;
  }
}
