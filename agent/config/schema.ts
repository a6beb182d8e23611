import * as v from 'valibot';
import { parseDuration } from '../../domain/duration.ts';
import { SEVERITIES } from '../../domain/finding.ts';
import { expandTargets, parseTarget, TargetError } from '../../domain/target.ts';
import { didYouMean } from './spelling.ts';

/**
 * The configuration: every key, what it may hold and what it is when it is not there. The message of a check is a whole
 * sentence; any other message says what is allowed, and mistakes.ts adds path, line and what was found. The reference
 * (reference.ts) explains each key to the owner.
 */
export function configSchema(isCronPattern: (pattern: string) => boolean) {
  return v.pipe(
    v.strictObject({
      targets: v.optional(v.nullable(v.array(target(), LIST_OF_TARGETS)), null),
      exclude: v.optional(v.array(target(), LIST_OF_TARGETS), []),
      force: v.optional(yesOrNo(), false),
      schedule: v.optional(v.nullable(cronPattern(isCronPattern)), null),
      sweepInterval: v.optional(wholeNumber(5, 1440, 'minutes'), 15),
      levels: section({
        deepest: v.optional(oneOf(['L1', 'L2', 'L3', 'L4']), 'L4'),
        smb1Check: v.optional(yesOrNo(), true),
        smb1Every: v.optional(duration('1h', '30d'), '1d'),
      }),
      pace: v.optional(oneOf(['gentle', 'normal', 'fast']), 'normal'),
      ports: section({ extra: v.optional(extraPorts(), []), map: portMap() }),
      alertThreshold: v.optional(oneOf(SEVERITIES), 'medium'),
      agent: section({ id: v.optional(v.nullable(agentId()), null) }),
      language: v.optional(oneOf(['en']), 'en'),
      mqtt: mqtt(),
      log: section({
        level: v.optional(oneOf(['debug', 'info', 'warn', 'error']), 'info'),
        format: v.optional(oneOf(['auto', 'text', 'json', 'journal']), 'auto'),
      }),
    }),
    v.forward(
      v.partialCheck(
        [['targets'], ['force']],
        ({ targets, force }) => targets === null || force || tooMany(targets) === null,
        (issue) => tooMany((issue.input as { targets: readonly string[] }).targets) ?? '',
      ),
      ['targets'],
    ),
  );
}

/** Keys that the documentation of later versions names, and that this version does not know. */
export const NOT_BUILT_YET: readonly string[] = [
  'hosts',
  'expect',
  'quietHours',
  'maintenance',
  'retention',
  'quota',
  'updateCheck',
  'canary',
  'levels.guestTest',
  'levels.ms17010',
];

const LIST_OF_TARGETS = 'a list of subnets (192.168.1.0/24), ranges (192.168.1.10-40) or addresses';

/** Ports on which any byte is a print job (docs/probing.md); never connected to, whatever is configured. */
const PRINT_PORT = /^(515|910[0-9]|911[0-6]|9999)$/;

function target() {
  return v.pipe(
    v.string(LIST_OF_TARGETS),
    v.check(
      (text) => targetMistake(text) === null,
      (issue) => targetMistake(String(issue.input)) ?? '',
    ),
  );
}

function targetMistake(text: string): string | null {
  return messageOf(() => parseTarget(text));
}

function tooMany(targets: readonly string[]): string | null {
  if (targets.some((text) => targetMistake(text) !== null)) return null;
  return messageOf(() =>
    expandTargets(targets.map(parseTarget), { exclude: [], attached: [], ownAddresses: [], force: false }),
  );
}

function messageOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof TargetError) return error.message;
    throw error;
  }
}

function cronPattern(isCronPattern: (pattern: string) => boolean) {
  const allowed = 'a cron pattern of five fields such as "30 3 * * *" (minute hour day month weekday)';
  return v.pipe(
    v.string(allowed),
    v.regex(/^\S+(\s+\S+){4}$/, allowed),
    v.check(
      (pattern) => isCronPattern(pattern),
      (issue) => `${JSON.stringify(issue.input)} is not a cron pattern; write ${allowed}`,
    ),
  );
}

function mqtt() {
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

function portMap() {
  return v.optional(
    v.pipe(
      v.strictObject(
        {
          smb: v.optional(port(), 445),
          'netbios-session': v.optional(port(), 139),
          'netbios-name-service': v.optional(port(), 137),
          'rpc-endpoint-mapper': v.optional(port(), 135),
        },
        KEYS_AND_VALUES,
      ),
      v.check(
        (map) => new Set([map.smb, map['netbios-session'], map['rpc-endpoint-mapper']]).size === 3,
        'smb, netbios-session and rpc-endpoint-mapper each need a TCP port of their own',
      ),
    ),
    {},
  );
}

function extraPorts() {
  return v.pipe(
    v.array(port(), 'a list of TCP port numbers'),
    v.maxLength(16, 'at most 16 extra ports: small devices do not like to be knocked at'),
  );
}

function port() {
  return v.pipe(
    wholeNumber(1, 65_535, ''),
    v.check(
      (number) => !PRINT_PORT.test(String(number)),
      (issue) =>
        `${issue.input} is a raw-print port: smbwarden never connects to it, because any byte is printed`,
    ),
  );
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

function agentId() {
  const allowed = 'at most 32 lower-case letters, digits and _: the id is part of topics and entity ids';
  return v.pipe(v.string(allowed), v.regex(/^[a-z0-9_]{1,32}$/, allowed));
}

function absolutePath() {
  const allowed = 'an absolute path such as /etc/smbwarden/mqtt-password';
  return v.pipe(v.string(allowed), v.startsWith('/', allowed));
}

function someText(allowed: string) {
  return v.pipe(v.string(`${allowed}, in quotes where it looks like a number`), v.nonEmpty(allowed));
}

/** A duration is written `12h` and held in milliseconds. */
function duration(shortest: string, longest: string) {
  const allowed = `a duration from ${shortest} to ${longest}: a whole number and m, h, d or w`;
  const [least, most] = [parseDuration(shortest) ?? 0, parseDuration(longest) ?? 0];
  const isAllowed = (text: string) => {
    const milliseconds = parseDuration(text);
    return milliseconds !== null && least <= milliseconds && milliseconds <= most;
  };
  return v.pipe(
    v.string(allowed),
    v.check(isAllowed, (issue) => `found ${JSON.stringify(issue.input)}; allowed: ${allowed}`),
    v.transform((text) => parseDuration(text) ?? least),
  );
}

function wholeNumber(least: number, most: number, unit: string) {
  const allowed = `a whole number from ${least} to ${most}${unit === '' ? '' : ` (${unit})`}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
}

function oneOf<const Words extends readonly string[]>(words: Words) {
  const allowed = words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`;
  return v.picklist(words, (issue) =>
    typeof issue.input === 'string' ? `${allowed}${didYouMean(issue.input, words)}` : allowed,
  );
}

function yesOrNo() {
  return v.boolean('true or false');
}

const KEYS_AND_VALUES = 'keys with values, indented below it';

/** A group of keys; absent, it holds the defaults of all of them. */
function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const object = v.strictObject(entries, KEYS_AND_VALUES);
  return v.optional(object, {} as v.InferInput<typeof object>);
}
