import * as v from 'valibot';
import {
  absolutePath,
  KEYS_AND_VALUES,
  oneOf,
  section,
  someText,
  wholeNumber,
  yesOrNo,
} from './schema-parts.ts';

/** `mqtt`: the broker, and what Home Assistant is shown. */
export function mqtt() {
  return v.optional(
    v.pipe(
      v.strictObject(
        {
          url: v.optional(v.nullable(brokerUrl()), null),
          username: v.optional(v.nullable(someText('the user name as text')), null),
          password: v.optional(v.nullable(v.string('the password as text, in quotes')), null),
          passwordFile: v.optional(v.nullable(absolutePath()), null),
          clientId: v.optional(v.nullable(clientId()), null),
          baseTopic: v.optional(topic(), 'smbwarden'),
          discoveryPrefix: v.optional(topic(), 'homeassistant'),
          statusTopic: v.optional(topic(), 'homeassistant/status'),
          protocolVersion: v.optional(v.picklist([4, 5], '5 (MQTT 5) or 4 (MQTT 3.1.1)'), 5),
          keepalive: v.optional(wholeNumber(5, 3600, 'seconds'), 60),
          ca: v.optional(v.nullable(absolutePath()), null),
          cert: v.optional(v.nullable(absolutePath()), null),
          key: v.optional(v.nullable(absolutePath()), null),
          servername: v.optional(v.nullable(someText('a host name as text')), null),
          rejectUnauthorized: v.optional(yesOrNo(), true),
          homeAssistant: section({
            hosts: v.optional(oneOf(['exposed', 'all', 'none']), 'exposed'),
            maxDevices: v.optional(wholeNumber(0, 1000, 'devices'), 64),
            connections: v.optional(yesOrNo(), true),
          }),
        },
        KEYS_AND_VALUES,
      ),
      v.forward(
        v.partialCheck(
          [['password'], ['passwordFile']],
          ({ password, passwordFile }) => password === null || passwordFile === null,
          'either password or passwordFile, not both',
        ),
        ['passwordFile'],
      ),
      v.forward(
        v.partialCheck(
          [['cert'], ['key']],
          ({ cert, key }) => (cert === null) === (key === null),
          'cert and key together, or neither',
        ),
        ['cert'],
      ),
    ),
    {},
  );
}

function brokerUrl() {
  return v.pipe(
    v.string('a broker URL such as mqtt://192.168.1.5:1883'),
    v.check(
      isBrokerUrl,
      'not a broker URL; write mqtt://, mqtts://, ws:// or wss:// and a host such as mqtt://192.168.1.5:1883, ' +
        'and give user name and password in keys of their own',
    ),
  );
}

function isBrokerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return /^(mqtts?|wss?):$/.test(protocol) && hostname !== '' && username === '' && password === '';
}

function topic() {
  const allowed = 'topic segments of letters, digits, _ and -, joined by / (such as home/smbwarden)';
  return v.pipe(
    v.string(allowed),
    v.regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, allowed),
    v.maxLength(128, `${allowed}, at most 128 characters`),
  );
}

function clientId() {
  const allowed = 'an MQTT client id of at most 64 letters, digits, _ and -';
  return v.pipe(v.string(allowed), v.regex(/^[A-Za-z0-9_-]{1,64}$/, allowed));
}
