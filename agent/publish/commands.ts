import type { Log } from '../log.ts';
import { type IncomingMessage, type Link, LinkError } from './link.ts';
import type { AgentCommand } from './publisher.ts';
import { assertPublishable, type Topics } from './topics.ts';

const LARGEST_PAYLOAD = 1024;
const SWEEP_GAP_MS = 30_000;
const RATE_WINDOW_MS = 60_000;
const RATE_LIMIT = 20;
const LEVELS = ['L1', 'L2', 'L3', 'L4'] as const;

interface CommandsOptions {
  readonly topics: Topics;
  readonly baseTopic: string;
  readonly link: Pick<Link, 'publish'>;
  readonly onCommand: (command: AgentCommand) => Promise<CommandOutcome>;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
}

export interface CommandOutcome {
  readonly ok: boolean;
  readonly error?: string;
}

/** Takes commands from the broker, which anybody on it may send: checks them, has them carried out, answers. */
export class Commands {
  readonly #options: CommandsOptions;
  #takenAt: number[] = [];
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** A message below the command topic. The answer goes to `cmd/result` and to where the sender wants it. */
  receive(message: IncomingMessage): void {
    const { topics, log } = this.#options;
    if (message.topic === topics.commandResult) return;
    const name = message.topic.slice(topics.commands.length + 1);
    if (message.retain) {
      log.warn({ command: name }, 'Ignored a retained command: it would be carried out at every connection');
      return;
    }
    this.#carryOut(name, message)
      .then((outcome) => this.#answer(name, outcome, message))
      .catch((error: unknown) => {
        if (!(error instanceof LinkError)) log.error({ error, command: name }, 'A command failed');
      });
  }

  async #carryOut(name: string, message: IncomingMessage): Promise<CommandOutcome> {
    const { log, onCommand } = this.#options;
    if (!this.#withinRate()) return { ok: false, error: 'too many commands: at most 20 a minute' };
    const command = parseCommand(name, message.payload);
    if ('error' in command) {
      log.warn({ command: name, error: command.error }, 'Refused a command');
      return { ok: false, error: command.error };
    }
    if (!this.#mayPass(command))
      return { ok: false, error: 'the last sweep was asked for less than 30 s ago' };
    log.info({ command: name }, 'Command received');
    return onCommand(command);
  }

  async #answer(name: string, outcome: CommandOutcome, message: IncomingMessage): Promise<void> {
    const { topics, link, random } = this.#options;
    const id = Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
    const payload = JSON.stringify({ cmd: name.slice(0, 64), id, ...outcome });
    await link.publish({ topic: topics.commandResult, payload, retain: false });
    if (message.responseTopic === null || !this.#mayAnswerTo(message.responseTopic)) return;
    const correlation = message.correlation === null ? {} : { correlation: message.correlation };
    await link.publish({ topic: message.responseTopic, payload, retain: false, ...correlation });
  }

  /** Below the base topic, but not where we ourselves say something. */
  #mayAnswerTo(topic: string): boolean {
    const { baseTopic, topics } = this.#options;
    const ownTree = topics.state.slice(0, -'state'.length);
    if (!topic.startsWith(`${baseTopic}/`) || topic.startsWith(ownTree)) return false;
    try {
      assertPublishable(topic);
      return true;
    } catch {
      return false;
    }
  }

  #withinRate(): boolean {
    const now = this.#options.now();
    this.#takenAt = this.#takenAt.filter((at) => now - at < RATE_WINDOW_MS);
    if (this.#takenAt.length >= RATE_LIMIT) return false;
    this.#takenAt.push(now);
    return true;
  }

  #mayPass(command: AgentCommand): boolean {
    if (command.kind !== 'sweep') return true;
    const now = this.#options.now();
    if (now - this.#sweptAt < SWEEP_GAP_MS) return false;
    this.#sweptAt = now;
    return true;
  }
}

/** The command of that name (its topic below `cmd/`), or why it is none. Nothing but what the contract names is accepted. */
export function parseCommand(name: string, payload: string): AgentCommand | { readonly error: string } {
  if (name !== 'sweep') return { error: 'no such command' };
  if (payload.length > LARGEST_PAYLOAD) return { error: 'payload larger than 1 KiB' };
  const fields = jsonObject(payload);
  if (fields === null) return { error: 'payload is not a JSON object; write {} or {"level":"L3"}' };
  const { level = null, ...others } = fields;
  if (Object.keys(others).length > 0) return { error: 'unknown key; only "level" is known' };
  const known = LEVELS.find((each) => each === level);
  if (level !== null && known === undefined) return { error: 'level is one of L1, L2, L3, L4' };
  return { kind: 'sweep', level: known ?? null };
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
