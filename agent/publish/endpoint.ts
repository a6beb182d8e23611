import { readFileSync } from 'node:fs';
import type { MqttConfig } from './publisher.ts';

/** Where the broker is, in the parts that the MQTT client takes. */
export interface Endpoint {
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  readonly host: string;
  readonly hostname: string;
  readonly port?: number;
  /** Over WebSocket only. */
  readonly path?: string;
}

/** What proves to the broker who we are, and to us who the broker is. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** The parts of a broker URL. @throws TypeError for text that is no URL of a broker. */
export function endpointOf(text: string): Endpoint {
  const url = new URL(text);
  const protocol = (['mqtt', 'mqtts', 'ws', 'wss'] as const).find((each) => `${each}:` === url.protocol);
  if (protocol === undefined)
    throw new TypeError(`broker "${text}": write mqtt://, mqtts://, ws:// or wss://`);
  const overWebSocket = protocol.startsWith('ws');
  // A socket takes an IPv6 address without the brackets that a URL needs.
  const host = overWebSocket ? url.hostname : url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    protocol,
    host,
    hostname: host,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(overWebSocket ? { path: `${url.pathname}${url.search}` } : {}),
  };
}

/** User name, password and certificates as they are now. @throws Error when a file cannot be read. */
export function readCredentials(
  mqtt: Pick<MqttConfig, 'username' | 'password' | 'ca' | 'cert' | 'key'>,
): Credentials {
  const password = typeof mqtt.password === 'function' ? mqtt.password() : mqtt.password;
  return {
    ...(mqtt.username === null ? {} : { username: mqtt.username }),
    ...(password === null ? {} : { password }),
    ...(mqtt.ca === null ? {} : { ca: readFileSync(mqtt.ca) }),
    ...(mqtt.cert === null ? {} : { cert: readFileSync(mqtt.cert) }),
    ...(mqtt.key === null ? {} : { key: readFileSync(mqtt.key) }),
  };
}
