/** One message on its way out. QoS is 1 throughout. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Empty and retained: the broker forgets the topic. */
  readonly payload: string;
  readonly retain: boolean;
  /** Seconds after which the broker drops it undelivered (MQTT 5 only). */
  readonly expiry?: number;
  /** Lets the asker match an answer with the question (MQTT 5 only). */
  readonly correlation?: Uint8Array;
}

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** Where the sender wants the answer (MQTT 5 only). */
  readonly responseTopic: string | null;
  readonly correlation: Uint8Array | null;
}

export interface Subscription {
  readonly filter: string;
  /** Own messages are not echoed (MQTT 5 only). */
  readonly noLocal: boolean;
  /** The retain flag arrives as it was sent (MQTT 5 only). */
  readonly retainAsPublished: boolean;
  /** false: messages that are retained already are not sent for this subscription (MQTT 5 only). */
  readonly wantsRetained: boolean;
}

/** A connection to the broker, as the parts that use it see it. It comes and goes; a promise made on it always settles. */
export interface Link {
  readonly connected: boolean;
  readonly protocolVersion: 5 | 4;
  /** Broker without credentials. */
  readonly broker: string;
  /** Why the last attempt failed, or null. */
  readonly lastError: string | null;
  /** Resolves when the broker has acknowledged. @throws LinkError */
  publish(message: OutgoingMessage): Promise<void>;
  /** @throws LinkError */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;
  /** @throws LinkError */
  unsubscribe(filter: string): Promise<void>;
  /** Ends the session at the broker, or gives up waiting after a while. Never rejects. */
  close(): Promise<void>;
}

/** What a link tells whoever uses it. */
export interface LinkListener {
  up(): void;
  down(): void;
  message(message: IncomingMessage): void;
}

/** Why the broker did not take a message: `refused` with its reason code (>= 0x80), or the connection was `lost`. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly kind: 'refused' | 'lost';

  constructor(kind: 'refused' | 'lost', message: string) {
    super(message);
    this.kind = kind;
  }
}
