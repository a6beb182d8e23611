import { HOME_ASSISTANT } from '../../domain/decision.ts';
import { toldName } from '../../domain/facts.ts';
import { compareSeverity, type Severity, worst } from '../../domain/finding.ts';
import type { RetainedTopic } from '../../domain/history.ts';
import {
  everExposed,
  type HostId,
  type HostRecord,
  hostName,
  isGloballyAdministered,
  type VendorOf,
} from '../../domain/host.ts';
import { compareTexts } from '../../domain/order.ts';
import { operatingSystem } from '../../domain/os.ts';
import { discoveredName } from './discovered.ts';
import { agentDiscovery, hostDiscovery } from './home-assistant.ts';
import type { HomeAssistantConfig, Picture } from './publisher.ts';
import { agentFindings, agentInfo, agentState, hostAttributes, hostState } from './state.ts';
import { idIn, type Topics } from './topics.ts';

/** What the broker is to keep on a topic. */
export interface RetainedMessage {
  readonly topic: string;
  readonly payload: string;
  readonly kind: RetainedTopic['kind'];
  readonly owner: HostId | null;
}

/** `last_seen` alone is told at most once in this time. */
const LAST_SEEN_ALONE_MS = 24 * 3600 * 1000;
/** A host with a randomised MAC that never answered becomes a device after this many sweeps. */
const SWEEPS_TO_TRUST = 3;

/** Turns pictures into retained messages. Remembers what was shown last, so that unchanged hosts stay unchanged. */
export class Messages {
  readonly #agent: { readonly id: string; readonly version: string };
  readonly #topics: Topics;
  readonly #config: HomeAssistantConfig;
  readonly #vendorOf: VendorOf;
  readonly #shown = new Map<HostId, { readonly rest: string; readonly lastSeenAt: number }>();
  /** Names of hosts that tell none: their address at first sight, which they keep. */
  readonly #addressNames = new Map<HostId, string>();

  constructor(
    agent: { readonly id: string; readonly version: string },
    topics: Topics,
    config: HomeAssistantConfig,
    vendorOf: VendorOf,
  ) {
    this.#agent = agent;
    this.#topics = topics;
    this.#config = config;
    this.#vendorOf = vendorOf;
  }

  /** Learns from discovery payloads of an earlier run, by topic, how hosts without a name were called. */
  learn(found: ReadonlyMap<string, string>): void {
    for (const [topic, payload] of found) {
      const id = idIn(topic, this.#topics.configFilter);
      const name = discoveredName(payload);
      if (id !== null && name !== null && /^[0-9.]+$/.test(name)) this.#addressNames.set(id, name);
    }
  }

  /**
   * Everything that is to be retained, in the order of sending: devices, their states, and last that the agent is online.
   * `devices`: hosts that are devices already and stay so while there is room. `hidden`: hosts that the owner deleted in
   * Home Assistant.
   */
  of(
    picture: Picture,
    known: { readonly devices: ReadonlySet<HostId>; readonly hidden: ReadonlySet<HostId> },
  ): RetainedMessage[] {
    const { state, info, findings, availability, agentConfig } = this.#topics;
    const hosts = deviceHosts(picture, this.#config, known);
    const agent = (topic: string, payload: string) => ({
      topic,
      payload,
      kind: 'agent' as const,
      owner: null,
    });
    return [
      {
        topic: agentConfig,
        payload: agentDiscovery(this.#agent, this.#topics),
        kind: 'discovery',
        owner: null,
      },
      ...hosts.map((host) => this.#discovery(host)),
      agent(info, agentInfo(picture, this.#agent)),
      agent(state, agentState(picture)),
      agent(findings, agentFindings(picture)),
      ...hosts.flatMap((host) => [this.#attributes(host), this.#state(host, picture.alertThreshold)]),
      agent(availability, 'online'),
    ];
  }

  #discovery(host: HostRecord): RetainedMessage {
    const { id, mac } = host;
    const manufacturer = mac === null ? null : this.#vendorOf(mac);
    const model = operatingSystem(host.facts['smb.identity']).os;
    const named = { id, mac, name: this.#nameOf(host), manufacturer, model };
    return {
      topic: this.#topics.hostConfig(id),
      payload: hostDiscovery(named, this.#agent, this.#topics, this.#config),
      kind: 'discovery',
      owner: id,
    };
  }

  #attributes(host: HostRecord): RetainedMessage {
    const topic = this.#topics.hostAttributes(host.id);
    return { topic, payload: hostAttributes(host), kind: 'attributes', owner: host.id };
  }

  #state(host: HostRecord, threshold: Severity): RetainedMessage {
    const topic = this.#topics.hostState(host.id);
    const payload = hostState(host, threshold, this.#lastSeenShown(host, threshold));
    return { topic, payload, kind: 'state', owner: host.id };
  }

  /** The time last told, until something else changes or a day has passed. */
  #lastSeenShown(host: HostRecord, threshold: Severity): number {
    const rest = hostState(host, threshold, 0);
    const shown = this.#shown.get(host.id);
    if (shown?.rest === rest && host.lastSeenAt - shown.lastSeenAt < LAST_SEEN_ALONE_MS)
      return shown.lastSeenAt;
    this.#shown.set(host.id, { rest, lastSeenAt: host.lastSeenAt });
    return host.lastSeenAt;
  }

  #nameOf(host: HostRecord): string {
    const told = host.ownersWord?.name ?? toldName(host.facts);
    if (told !== null) return told;
    const name = this.#addressNames.get(host.id) ?? hostName(host);
    this.#addressNames.set(host.id, name);
    return name;
  }
}

/** The hosts that are devices: those that are already, then the worst, then the oldest; at most `maxDevices`, by id. */
export function deviceHosts(
  picture: Picture,
  config: HomeAssistantConfig,
  known: { readonly devices: ReadonlySet<HostId>; readonly hidden: ReadonlySet<HostId> },
): HostRecord[] {
  return [...picture.hosts.values()]
    .filter((host) => !known.hidden.has(host.id) && isWanted(host, picture, config))
    .sort(
      (a, b) =>
        Number(known.devices.has(b.id)) - Number(known.devices.has(a.id)) ||
        byWorst(a, b) ||
        a.firstSeenAt - b.firstSeenAt ||
        compareTexts(a.id, b.id),
    )
    .slice(0, config.maxDevices)
    .sort((a, b) => compareTexts(a.id, b.id));
}

function isWanted(host: HostRecord, picture: Picture, config: HomeAssistantConfig): boolean {
  if (config.hosts === 'none' || isIgnoredForGood(host)) return false;
  if (everExposed(host)) return true;
  return config.hosts === 'all' && (isSettled(host) || wasSeenOften(host, picture.sweepIntervalMinutes));
}

/** Without an end, and not by the switch of its own device, which could not be turned back if it were gone. */
function isIgnoredForGood({ ignored }: HostRecord): boolean {
  return ignored !== null && ignored.until === null && ignored.by !== HOME_ASSISTANT;
}

/** Not a passing phone: its MAC is its own, or it answered NetBIOS or SMB. */
function isSettled(host: HostRecord): boolean {
  const answered = ['netbios.names', 'smb.smb1', 'smb.smb2'].some((fact) => fact in host.facts);
  return answered || (host.mac !== null && isGloballyAdministered(host.mac));
}

function wasSeenOften(host: HostRecord, sweepIntervalMinutes: number): boolean {
  return host.lastSeenAt - host.firstSeenAt >= (SWEEPS_TO_TRUST - 1) * sweepIntervalMinutes * 60_000;
}

function byWorst(a: HostRecord, b: HostRecord): number {
  const [worstA, worstB] = [a, b].map((host) =>
    worst(host.findings.filter((each) => each.state !== 'resolved').map((each) => each.severity)),
  );
  if (worstA == null || worstB == null) return Number(worstA == null) - Number(worstB == null);
  return compareSeverity(worstB, worstA);
}
