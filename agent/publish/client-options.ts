import { endpointOf } from './endpoint.ts';
import type { MqttConfig } from './publisher.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SESSION_EXPIRY_SECONDS = 60;
const WILL_DELAY_SECONDS = 20;
const LARGEST_PACKET = 262_144;

/**
 * What mqtt.js is told about the connection, credentials and the wait between attempts aside; docs/mqtt.md has the reasons.
 * Nothing is queued in it, and it subscribes to nothing by itself: both are ours.
 */
export function clientOptions(mqtt: MqttConfig, agentId: string, willTopic: string) {
  return {
    ...endpointOf(mqtt.url),
    protocolVersion: mqtt.protocolVersion,
    clientId: mqtt.clientId ?? `smbwarden-${agentId}`,
    clean: isClean(mqtt.protocolVersion),
    properties: {
      sessionExpiryInterval: SESSION_EXPIRY_SECONDS,
      maximumPacketSize: LARGEST_PACKET,
      topicAliasMaximum: 0,
    },
    keepalive: mqtt.keepalive,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectOnConnackError: true,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: 'native' as const,
    writeCache: false,
    rejectUnauthorized: mqtt.rejectUnauthorized,
    ...(mqtt.servername === null ? {} : { servername: mqtt.servername }),
    will: {
      topic: willTopic,
      payload: Buffer.from('offline'),
      qos: 1 as const,
      retain: true,
      properties: { willDelayInterval: WILL_DELAY_SECONDS },
    },
  };
}

/**
 * MQTT 5: clean start 0, so that a restart within the will delay shows nobody "offline". A session of MQTT 3.1.1 never
 * expires: a command could come days late, so none is kept.
 */
export function isClean(protocolVersion: 5 | 4): boolean {
  return protocolVersion === 4;
}
