/**
 * Names of topics. Everything below the configured roots is built from ids alone: one name off the wire with `+`, `#` or
 * NUL in a topic would make the broker drop us at every reconnect.
 */

const ID = /^[a-z0-9_]+$/;
const ROOT_SEGMENT = /^[A-Za-z0-9_-]+$/;

/** Every topic of one agent. `{host}` topics are functions of the host id. */
export interface Topics {
  readonly availability: string;
  readonly info: string;
  readonly state: string;
  readonly findings: string;
  readonly event: string;
  readonly trigger: string;
  /** Below it `smbwarden doctor` sends a message to itself. */
  readonly doctor: string;
  readonly commands: string;
  /** Filter over every command. It also matches `commandResult`. */
  readonly commandFilter: string;
  readonly commandResult: string;
  readonly agentConfig: string;
  /** Filter over every discovery topic of ours. */
  readonly configFilter: string;
  /** Filter over the state topic of every host. */
  readonly hostStateFilter: string;
  readonly status: string;
  hostState(hostId: string): string;
  hostAttributes(hostId: string): string;
  hostConfig(hostId: string): string;
  /** Below it lie the commands that concern one host. */
  hostCommands(hostId: string): string;
  /** Where an acknowledgement of the finding is sent to. */
  acknowledge(findingId: string): string;
}

/** True for text that can be a base topic or a discovery prefix: segments of `A-Z a-z 0-9 _ -`, divided by `/`. */
export function isTopicRoot(text: string): boolean {
  return text.split('/').every((segment) => ROOT_SEGMENT.test(segment));
}

/** The topics of one agent. @throws TypeError for a base topic, discovery prefix or agent id that cannot be one. */
export function topicsOf(names: {
  readonly baseTopic: string;
  readonly discoveryPrefix: string;
  readonly statusTopic: string;
  readonly agentId: string;
}): Topics {
  const { baseTopic, discoveryPrefix, statusTopic } = names;
  for (const root of [baseTopic, discoveryPrefix, statusTopic]) {
    if (!isTopicRoot(root))
      throw new TypeError(`MQTT topic "${root}": only letters, digits, "_", "-" and "/"`);
  }
  const agent = `${baseTopic}/${id(names.agentId)}`;
  const node = `${discoveryPrefix}/device/smbwarden_${names.agentId}`;
  return {
    availability: `${agent}/availability`,
    info: `${agent}/info`,
    state: `${agent}/state`,
    findings: `${agent}/findings`,
    event: `${agent}/event`,
    trigger: `${agent}/trigger`,
    doctor: `${agent}/doctor`,
    commands: `${agent}/cmd`,
    commandFilter: `${agent}/cmd/#`,
    commandResult: `${agent}/cmd/result`,
    agentConfig: `${node}/agent/config`,
    configFilter: `${node}/+/config`,
    hostStateFilter: `${agent}/host/+/state`,
    status: statusTopic,
    hostState: (hostId) => `${agent}/host/${id(hostId)}/state`,
    hostAttributes: (hostId) => `${agent}/host/${id(hostId)}/attributes`,
    hostConfig: (hostId) => `${node}/${id(hostId)}/config`,
    hostCommands: (hostId) => `${agent}/cmd/host/${id(hostId)}`,
    acknowledge: (findingId) => `${agent}/cmd/finding/${id(findingId)}/ack`,
  };
}

/** The id where `filter` (one `+`) matches `topic`, or null where it does not match or holds no id. */
export function idIn(topic: string, filter: string): string | null {
  const [before = '', after = ''] = filter.split('+');
  if (!topic.startsWith(before) || !topic.endsWith(after)) return null;
  const middle = topic.slice(before.length, topic.length - after.length);
  return ID.test(middle) ? middle : null;
}

/**
 * Called with every topic right before it is published.
 * @throws TypeError for a topic that is not made of roots and ids: wildcards, blanks, control characters, empty segments.
 */
export function assertPublishable(topic: string): void {
  if (!isTopicRoot(topic)) throw new TypeError(`MQTT topic "${topic}": not built from ids`);
}

function id(text: string): string {
  if (!ID.test(text)) throw new TypeError(`"${text}": not an id, so it cannot be part of an MQTT topic`);
  return text;
}
