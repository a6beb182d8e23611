import type { Log } from '../log.ts';
import { type IncomingMessage, type Link, LinkError } from './link.ts';
import { parseCommand } from './parse-command.ts';
import type { AgentCommand } from './publisher.ts';
import { assertPublishable, type Topics } from './topics.ts';

/** Between two sweeps, and between two checks of one host, that somebody asks for. */
const SWEEP_GAP_MS = 30_000;
const RATE_WINDOW_MS = 60_000;
const RATE_LIMIT = 20;

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
  /** When a sweep, or a check of a host, was last asked for. */
  readonly #askedAt = new Map<string, number>();

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
    const command = parseCommand(name, message.payload, this.#options.now());
    if ('error' in command) {
      log.warn({ command: name, error: command.error }, 'Refused a command');
      return { ok: false, error: command.error };
    }
    if (!this.#mayPass(command)) return { ok: false, error: 'the same was asked for less than 30 s ago' };
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

  /** A clock that is set back must not make the past last longer. */
  #withinRate(): boolean {
    const now = this.#options.now();
    this.#takenAt = this.#takenAt.filter((at) => Math.abs(now - at) < RATE_WINDOW_MS);
    if (this.#takenAt.length >= RATE_LIMIT) return false;
    this.#takenAt.push(now);
    return true;
  }

  /** Sweeps and checks send packets: not again and again. */
  #mayPass(command: AgentCommand): boolean {
    if (command.kind !== 'sweep' && command.kind !== 'recheck') return true;
    const now = this.#options.now();
    for (const [what, at] of this.#askedAt) {
      if (Math.abs(now - at) >= SWEEP_GAP_MS) this.#askedAt.delete(what);
    }
    const what = command.kind === 'sweep' ? 'sweep' : command.hostId;
    if (this.#askedAt.has(what)) return false;
    this.#askedAt.set(what, now);
    return true;
  }
}
