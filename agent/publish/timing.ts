/** Waits of the life cycle in milliseconds (docs/mqtt.md). Only tests use others. */
export interface Timing {
  /** After connecting, retained messages of ours are collected for this long. */
  readonly collect: number;
  /** Between two retained messages: at most 100 a second. */
  readonly pace: number;
  readonly heartbeat: number;
  /** Two different payloads for one device are at least this far apart, or Home Assistant may lose the second. */
  readonly deviceGap: number;
  /** After Home Assistant's birth, states are sent again; plus up to four times as much at random. */
  readonly birthDelay: number;
  /** After Home Assistant's birth, held events are sent; plus up to half as much at random. */
  readonly releaseDelay: number;
  /** After our own reconnect Home Assistant counts as away for this long unless its birth is seen. */
  readonly awaitBirth: number;
  /** An event stays in the outbox this long after the broker acknowledged it. */
  readonly keepAcknowledged: number;
  /** A refused event is tried again after this long. */
  readonly refusedRetry: number;
  /** The agent's own device comes back this long after somebody deleted it. */
  readonly agentReturns: number;
  readonly backoffFirst: number;
  readonly backoffMost: number;
  /** A broker that does not acknowledge within this time counts as gone. */
  readonly acknowledge: number;
  /** Longest wait for the broker when closing. */
  readonly close: number;
}

export const TIMING: Timing = {
  collect: 2_000,
  pace: 10,
  heartbeat: 60_000,
  deviceGap: 2_000,
  birthDelay: 1_000,
  releaseDelay: 10_000,
  awaitBirth: 60_000,
  keepAcknowledged: 60_000,
  refusedRetry: 60_000,
  agentReturns: 60_000,
  backoffFirst: 1_000,
  backoffMost: 30_000,
  acknowledge: 15_000,
  close: 1_500,
};
