import type { LinkState, Publisher } from './publisher.ts';

/** The publisher where no broker is configured: alerts stay in the log. */
export function silentPublisher(): Publisher {
  return {
    publish: () => {},
    republish: () => {},
    removeAll: () => {},
    eventsWaiting: () => {},
    link: () => NO_LINK,
    settled: async () => true,
    retention: async () => ({ settled: true, retained: 0, link: NO_LINK }),
    close: async () => {},
  };
}

const NO_LINK: LinkState = {
  configured: false,
  connected: false,
  broker: null,
  lastError: null,
  outboxSize: 0,
};
