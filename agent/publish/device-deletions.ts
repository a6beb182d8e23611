import type { HostId } from '../../domain/host.ts';
import type { Log } from '../log.ts';
import type { IncomingMessage } from './link.ts';
import type { RetainedTopics } from './retained.ts';
import type { Timing } from './timing.ts';
import { idIn, type Topics } from './topics.ts';

interface DeviceDeletionsOptions {
  readonly retained: Pick<RetainedTopics, 'wanted' | 'hide' | 'repeat'>;
  readonly topics: Topics;
  readonly timing: Pick<Timing, 'agentReturns'>;
  readonly log: Log;
  /** What is to be retained has to be worked out anew. */
  readonly onHidden: () => void;
}

/** Notices what the owner deletes in Home Assistant: a host's device stays deleted, the agent's own comes back. */
export class DeviceDeletions {
  readonly #options: DeviceDeletionsOptions;
  #agentReturns: NodeJS.Timeout | null = null;
  #warnedOfStranger = false;

  constructor(options: DeviceDeletionsOptions) {
    this.#options = options;
  }

  /** A message on one of our discovery topics that may be from somebody else; on MQTT 3.1.1 our own come back. */
  message({ topic, payload }: IncomingMessage): void {
    const { retained, topics, log, onHidden } = this.#options;
    const wanted = retained.wanted(topic);
    if (wanted === null || payload === wanted) return;
    if (payload !== '') {
      if (!this.#warnedOfStranger) log.warn({ topic }, 'Somebody else writes to our discovery topics');
      this.#warnedOfStranger = true;
    } else if (topic === topics.agentConfig) {
      this.#returnAgent();
    } else {
      this.hide(idIn(topic, topics.configFilter) ?? '');
      onHidden();
    }
  }

  /** The device of the host was deleted. Takes effect when what is to be retained is worked out next. */
  hide(host: HostId): void {
    this.#options.log.info({ host }, 'The device of a host was deleted in Home Assistant and stays deleted');
    this.#options.retained.hide(host);
  }

  /** The link is down, or closed for good. */
  stop(): void {
    clearTimeout(this.#agentReturns ?? undefined);
    this.#agentReturns = null;
  }

  /** The agent's own device carries the controls, so it comes back after a while. */
  #returnAgent(): void {
    const { retained, topics, timing } = this.#options;
    this.#agentReturns ??= setTimeout(() => {
      this.#agentReturns = null;
      retained.repeat((message) => message.owner === null || message.topic === topics.agentConfig);
    }, timing.agentReturns);
  }
}
