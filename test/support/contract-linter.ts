/**
 * The MQTT contract as a check over a recorded trace: what Home Assistant 2024.11 and later accept, and what smbwarden
 * promises in docs/mqtt.md. Every violation is a sentence that names the topic.
 */

/** One message as the broker took it, with the retain flag that it was sent with. */
export interface TracedMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
  /** Milliseconds. */
  readonly t: number;
}

export interface LintOptions {
  readonly baseTopic: string;
  readonly discoveryPrefix: string;
  readonly agentId: string;
  /** Filters that the agent subscribed to. */
  readonly subscriptions: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

interface Device {
  readonly topic: string;
  readonly payload: Json;
  readonly components: readonly (readonly [key: string, component: Json])[];
  readonly t: number;
}

const PLATFORMS = [
  'binary_sensor',
  'sensor',
  'event',
  'button',
  'switch',
  'number',
  'select',
  'update',
  'device_automation',
];
const ROOT_KEYS = ['device', 'origin', 'components', 'availability', 'availability_mode'];
const DEVICE_KEYS = [
  'identifiers',
  'connections',
  'name',
  'manufacturer',
  'model',
  'sw_version',
  'serial_number',
  'configuration_url',
  'via_device',
];
const ORIGIN_KEYS = ['name', 'sw_version', 'support_url'];
/** Classes of Home Assistant 2026.7 that 2024.11 knows too, as far as the contract may use them; with their unit. */
const DEVICE_CLASSES: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  binary_sensor: { problem: null, safety: null, connectivity: null, running: null, update: null },
  sensor: { enum: null, timestamp: null, duration: 's' },
  button: { identify: null, restart: null, update: null },
  update: { firmware: null },
};
/** Attributes that Home Assistant drops without a word. */
const BLOCKED_ATTRIBUTES = new Set(
  (
    'assumed_state available device_class device_info entity_category entity_picture ' +
    'entity_registry_enabled_default extra_state_attributes force_update friendly_name icon should_poll state ' +
    'supported_features unique_id unit_of_measurement'
  ).split(' '),
);
const DEVICE_GAP_MS = 2_000;
/** Clocks of broker and agent are read at different moments. */
const TOLERANCE_MS = 100;

/** Every violation of rules 1 to 16 of the contract linter in `trace`, in order of rules. */
export function lintContract(trace: readonly TracedMessage[], options: LintOptions): string[] {
  const devices = trace.flatMap((message) => deviceOf(message, options));
  return [
    ...devices.flatMap(lintRoot),
    ...devices.flatMap(lintComponents),
    ...lintUniqueIds(devices),
    ...lintTopics(devices, trace, options),
    ...lintStates(devices, trace),
    ...lintAttributes(devices, trace),
    ...lintEvents(devices, trace),
    ...trace
      .filter(({ payload }) => bytes(payload) >= 64 * 1024)
      .map(({ topic }) => `14 ${topic}: 64 KiB or more`),
    ...lintRemovals(devices),
    ...lintPlaces(trace, options),
  ];
}

function deviceOf({ topic, payload, t }: TracedMessage, { discoveryPrefix }: LintOptions): Device[] {
  if (!topic.startsWith(`${discoveryPrefix}/device/`) || payload === '') return [];
  const json = JSON.parse(payload) as Json;
  return [{ topic, payload: json, components: Object.entries(json.components as Record<string, Json>), t }];
}

function lintRoot({ topic, payload }: Device): string[] {
  const device = payload.device as Json | undefined;
  const origin = payload.origin as Json | undefined;
  return [
    ...Object.keys(payload).flatMap((key) =>
      ROOT_KEYS.includes(key) ? [] : [`1 ${topic}: root key ${key}`],
    ),
    ...['device', 'origin', 'components'].flatMap((key) => (key in payload ? [] : [`1 ${topic}: no ${key}`])),
    ...Object.keys(device ?? {}).flatMap((key) =>
      DEVICE_KEYS.includes(key) ? [] : [`1 ${topic}: device.${key}`],
    ),
    ...Object.keys(origin ?? {}).flatMap((key) =>
      ORIGIN_KEYS.includes(key) ? [] : [`1 ${topic}: origin.${key}`],
    ),
  ];
}

function lintComponents({ topic, components }: Device): string[] {
  return components.flatMap(([key, component]) => {
    const say = (rule: number, what: string) => `${rule} ${topic}: ${key}: ${what}`;
    const platform = String(component.platform);
    const faults: string[] = [];
    if (!PLATFORMS.includes(platform)) faults.push(say(2, `platform ${platform}`));
    if (!/^[a-z0-9_]+$/.test(key)) faults.push(say(4, 'component key'));
    if (isTombstone(component)) return faults;
    if (component.qos !== 1) faults.push(say(9, 'qos is not 1'));
    if (platform === 'device_automation') return faults;
    if (typeof component.unique_id !== 'string') faults.push(say(3, 'no unique_id'));
    const slugged = new RegExp(`^${platform}\\.[a-z0-9_]+$`);
    if (!slugged.test(String(component.default_entity_id))) faults.push(say(5, 'default_entity_id'));
    if ('object_id' in component) faults.push(say(5, 'object_id'));
    faults.push(...lintClass(platform, component).map((what) => say(6, what)));
    const isChoice = component.device_class === 'enum' || platform === 'select';
    if (isChoice !== 'options' in component) faults.push(say(7, 'options without enum or the reverse'));
    const plain = ['enum', 'timestamp'].includes(String(component.device_class));
    if (plain && ('state_class' in component || 'unit_of_measurement' in component))
      faults.push(say(7, 'state_class or unit with enum or timestamp'));
    if (component.entity_category === 'config' && /sensor$/.test(platform)) faults.push(say(8, 'config'));
    const optsOut = JSON.stringify(component.availability) === '[]';
    const mayOptOut = ['security_event', 'connection'].includes(key);
    if ('availability' in component && !optsOut) faults.push(say(9, 'availability'));
    if (optsOut !== mayOptOut) faults.push(say(9, 'availability []'));
    return faults;
  });
}

function lintClass(platform: string, component: Json): string[] {
  if (!('device_class' in component)) return [];
  const unit = DEVICE_CLASSES[platform]?.[String(component.device_class)];
  if (unit === undefined) return [`device_class ${component.device_class}`];
  return unit === (component.unit_of_measurement ?? null) ? [] : [`unit ${component.unit_of_measurement}`];
}

function isTombstone(component: Json): boolean {
  return Object.keys(component).length === 1 && 'platform' in component;
}

function lintUniqueIds(devices: readonly Device[]): string[] {
  const owners = new Map<string, string>();
  return devices.flatMap(({ topic, components }) =>
    components.flatMap(([key, component]) => {
      if (typeof component.unique_id !== 'string') return [];
      const owner = `${topic} ${key}`;
      const known = owners.get(component.unique_id) ?? owner;
      owners.set(component.unique_id, known);
      return known === owner ? [] : [`3 ${topic}: unique_id ${component.unique_id} is also that of ${known}`];
    }),
  );
}

/** Topics that the components name are published, retained or not as they must be, or subscribed to. */
function lintTopics(
  devices: readonly Device[],
  trace: readonly TracedMessage[],
  options: LintOptions,
): string[] {
  const seen = (topic: unknown, retain: boolean) =>
    trace.some((message) => message.topic === topic && message.retain === retain && message.payload !== '');
  const current = [...new Map(devices.map((device) => [device.topic, device])).values()].filter(
    ({ topic }) => trace.findLast((message) => message.topic === topic)?.payload !== '',
  );
  return current.flatMap(({ topic, payload, components }) => {
    const availability = ((payload.availability as Json[] | undefined) ?? []).map((each) => each.topic);
    const retained = components.flatMap(([, c]) =>
      c.platform === 'event' ? [] : [c.state_topic, c.json_attributes_topic],
    );
    const passing = components.flatMap(([, c]) => (c.platform === 'event' ? [c.state_topic] : [c.topic]));
    return [
      ...present([...availability, ...retained]).flatMap((each) =>
        seen(each, true) ? [] : [`10 ${topic}: ${each} is not retained`],
      ),
      ...present(passing).flatMap((each) => (seen(each, true) ? [`10 ${topic}: ${each} is retained`] : [])),
      ...present(components.map(([, c]) => c.command_topic)).flatMap((each) =>
        options.subscriptions.some((filter) => matches(filter, String(each)))
          ? []
          : [`10 ${topic}: nobody listens on ${each}`],
      ),
    ];
  });
}

function present(values: readonly unknown[]): unknown[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}

function matches(filter: string, topic: string): boolean {
  const pattern = filter
    .replace(/[.*?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('+', '[^/]+')
    .replace(/#$/, '.*');
  return new RegExp(`^${pattern}$`).test(topic);
}

function lintStates(devices: readonly Device[], trace: readonly TracedMessage[]): string[] {
  return shownBy(devices, 'state_topic', (component) => component.platform !== 'event').flatMap(
    ({ topic, component }) =>
      trace
        .filter((message) => message.topic === topic && message.payload !== '')
        .flatMap(({ payload }) => {
          const state = rendered(payload, component.value_template);
          if (state === undefined) return [`11 ${topic}: ${component.value_template} does not render`];
          if (state.length > 255) return [`12 ${topic}: ${component.unique_id} is longer than 255`];
          return isLegal(state, component)
            ? []
            : [`11 ${topic}: ${component.unique_id} cannot be "${state}"`];
        }),
  );
}

/** Each topic that components name under `option`, with one component per use. */
function shownBy(devices: readonly Device[], option: string, which: (component: Json) => boolean) {
  const uses = devices.flatMap(({ components }) =>
    components
      .map(([, component]) => component)
      .filter((component) => typeof component[option] === 'string' && which(component))
      .map((component) => ({ topic: String(component[option]), component })),
  );
  return [...new Map(uses.map((use) => [`${use.topic} ${use.component.unique_id}`, use])).values()];
}

/** What Home Assistant makes of the payload; undefined where the template is none of ours or the key is missing. */
function rendered(payload: string, template: unknown): string | undefined {
  if (template === undefined) return payload;
  const key = /^\{\{ value_json\.(\w+) \}\}$/.exec(String(template))?.[1];
  const json = JSON.parse(payload) as Json;
  if (key === undefined || !(key in json)) return undefined;
  return json[key] === null ? 'None' : String(json[key]);
}

function isLegal(state: string, component: Json): boolean {
  if (component.platform === 'binary_sensor')
    return [component.payload_on ?? 'ON', component.payload_off ?? 'OFF', 'None'].includes(state);
  if (component.platform === 'switch') return ['ON', 'OFF'].includes(state);
  if (component.platform === 'select') return (component.options as string[]).includes(state);
  if (component.platform === 'number')
    return Number(state) >= Number(component.min) && Number(state) <= Number(component.max);
  if (state === 'None') return true;
  if (component.device_class === 'enum') return (component.options as string[]).includes(state);
  if (component.device_class === 'timestamp') return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/.test(state);
  return component.state_class === 'measurement' ? state !== '' && Number.isFinite(Number(state)) : true;
}

function lintAttributes(devices: readonly Device[], trace: readonly TracedMessage[]): string[] {
  const uses = shownBy(devices, 'json_attributes_topic', () => true);
  return uses.flatMap(({ topic }) => {
    const limit = topic.endsWith('/attributes') ? 8 * 1024 : 12 * 1024;
    return trace
      .filter((message) => message.topic === topic && message.payload !== '')
      .flatMap(({ payload }) => [
        ...(bytes(payload) > limit ? [`12 ${topic}: ${bytes(payload)} bytes`] : []),
        ...Object.keys(JSON.parse(payload) as Json)
          .filter((key) => BLOCKED_ATTRIBUTES.has(key))
          .map((key) => `12 ${topic}: blocked key ${key}`),
      ]);
  });
}

function lintEvents(devices: readonly Device[], trace: readonly TracedMessage[]): string[] {
  const components = devices.flatMap((device) => device.components.map(([, component]) => component));
  const types = new Map(
    components.flatMap((c) => (c.event_types ? [[c.state_topic, c.event_types as string[]]] : [])),
  );
  const triggers = new Set(components.flatMap((c) => (c.automation_type === 'trigger' ? [c.topic] : [])));
  return trace.flatMap(({ topic, payload, retain }) => {
    const known = types.get(topic);
    if (known === undefined && !triggers.has(topic)) return [];
    const type = known === undefined ? null : String((JSON.parse(payload) as Json).event_type);
    return [
      ...(retain ? [`13 ${topic}: retained`] : []),
      ...(bytes(payload) > 2 * 1024 ? [`13 ${topic}: ${bytes(payload)} bytes`] : []),
      ...(type === null || known?.includes(type) ? [] : [`13 ${topic}: event_type ${type}`]),
    ];
  });
}

/** Payloads for one device keep their distance, and a component leaves by way of a tombstone. */
function lintRemovals(devices: readonly Device[]): string[] {
  return devices.flatMap((device, index) => {
    const before = devices.slice(0, index).findLast(({ topic }) => topic === device.topic);
    if (before === undefined || JSON.stringify(before.payload) === JSON.stringify(device.payload)) return [];
    const now = new Set(device.components.map(([key]) => key));
    const vanished = before.components.filter(([key, component]) => !now.has(key) && !isTombstone(component));
    const gap = device.t - before.t;
    return [
      ...(gap < DEVICE_GAP_MS - TOLERANCE_MS ? [`15 ${device.topic}: two payloads within ${gap} ms`] : []),
      ...vanished.map(([key]) => `15 ${device.topic}: ${key} left without a tombstone`),
    ];
  });
}

function lintPlaces(trace: readonly TracedMessage[], options: LintOptions): string[] {
  const { baseTopic, discoveryPrefix, agentId } = options;
  const own = [`${baseTopic}/`, `${discoveryPrefix}/device/smbwarden_${agentId}/`];
  return trace
    .filter(({ topic }) => !own.some((prefix) => topic.startsWith(prefix)))
    .map(({ topic }) => `16 ${topic}: not ours`);
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
