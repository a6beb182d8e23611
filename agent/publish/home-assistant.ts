import { EVENT_TYPES } from '../../domain/event.ts';
import { SEVERITIES } from '../../domain/finding.ts';
import type { HostId, Mac } from '../../domain/host.ts';
import { isGloballyAdministered } from '../../domain/host.ts';
import { plain } from '../../domain/text.ts';
import { entity, type NamedComponent, type Owner, shown } from './components.ts';
import { agentControls, hostControls } from './controls.ts';
import type { Topics } from './topics.ts';

/**
 * Discovery payloads for Home Assistant >= 2024.11: one message per device. The roots `device` and `origin` are strict
 * there (one key too many and the whole device is refused), components are lenient.
 */

/** Severity as a sensor shows it; `none`: nothing is open. */
const SEVERITY_OPTIONS = ['none', ...SEVERITIES];
const STATUS_OPTIONS = ['starting', 'idle', 'sweeping', 'paused', 'degraded', 'error'];
/** The project's public page. Blueprints and their import links lie below it. */
export const SUPPORT_URL = 'https://github.com/smbwarden/smbwarden';

/** Retained payload that makes the agent a device. */
export function agentDiscovery(
  agent: { readonly id: string; readonly version: string },
  topics: Topics,
): string {
  const owner = { identifier: agentIdentifier(agent.id), slug: 'smbwarden', stateTopic: topics.state };
  return JSON.stringify({
    device: {
      identifiers: [owner.identifier],
      name: 'smbwarden',
      manufacturer: 'smbwarden',
      model: 'LAN exposure agent',
      sw_version: agent.version,
      serial_number: agent.id,
    },
    ...frame(agent.version, topics),
    components: Object.fromEntries([
      ...agentSensors(owner, topics),
      ...agentControls(owner, topics),
      ...agentDiagnostics(owner, topics),
      ...agentTriggers(topics),
    ]),
  });
}

function agentSensors(owner: Owner, topics: Topics): NamedComponent[] {
  const findings = { state_class: 'measurement', unit_of_measurement: 'findings' };
  const hosts = { state_class: 'measurement', unit_of_measurement: 'hosts' };
  return [
    shown(owner, 'binary_sensor', 'exposure', 'Exposure', { device_class: 'safety' }),
    shown(owner, 'sensor', 'open_findings', 'Open findings', {
      ...findings,
      json_attributes_topic: topics.findings,
    }),
    shown(owner, 'sensor', 'unacknowledged', 'Unacknowledged findings', findings),
    shown(owner, 'sensor', 'highest_severity', 'Highest severity', {
      device_class: 'enum',
      options: SEVERITY_OPTIONS,
    }),
    shown(owner, 'sensor', 'hosts_online', 'Hosts online', hosts),
    shown(owner, 'sensor', 'hosts_smb', 'Hosts with SMB', hosts),
    shown(owner, 'sensor', 'hosts_smb1', 'Hosts with SMB 1', hosts),
    shown(owner, 'sensor', 'hosts_netbios', 'Hosts with NetBIOS', hosts),
    entity(owner, 'event', 'security_event', 'Security event', {
      icon: 'mdi:shield-alert',
      state_topic: topics.event,
      event_types: EVENT_TYPES,
      // An event entity that becomes unavailable and comes back would fire plain state triggers again.
      availability: [],
    }),
  ];
}

function agentDiagnostics(owner: Owner, topics: Topics): NamedComponent[] {
  const diagnostic = { entity_category: 'diagnostic' };
  const off = { ...diagnostic, enabled_by_default: false };
  return [
    entity(owner, 'binary_sensor', 'connection', 'Connection', {
      ...diagnostic,
      device_class: 'connectivity',
      state_topic: topics.availability,
      payload_on: 'online',
      payload_off: 'offline',
      // Shows "disconnected" instead of becoming unavailable.
      availability: [],
    }),
    shown(owner, 'sensor', 'status', 'Status', {
      ...diagnostic,
      device_class: 'enum',
      options: STATUS_OPTIONS,
      // The state is sent every 60 s: a process that hangs with a live connection is noticed.
      expire_after: 300,
    }),
    shown(owner, 'binary_sensor', 'problem', 'Problem', { ...diagnostic, device_class: 'problem' }),
    shown(owner, 'sensor', 'last_sweep', 'Last sweep', { ...off, device_class: 'timestamp' }),
    shown(owner, 'sensor', 'sweep_duration', 'Sweep duration', {
      ...off,
      device_class: 'duration',
      state_class: 'measurement',
      unit_of_measurement: 's',
      suggested_display_precision: 1,
    }),
    shown(owner, 'sensor', 'next_sweep', 'Next sweep', { ...off, device_class: 'timestamp' }),
  ];
}

/** Payload on the trigger topic for a finding of severity critical; the other payloads there are event types. */
export const CRITICAL_TRIGGER = 'finding_critical';

function agentTriggers(topics: Topics): NamedComponent[] {
  const trigger = (type: string, subtype: string, payload: string): NamedComponent => [
    `trg_${type}_${subtype}`,
    {
      platform: 'device_automation',
      automation_type: 'trigger',
      type,
      subtype,
      topic: topics.trigger,
      payload,
      qos: 1,
    },
  ];
  return [
    trigger('finding', 'opened', 'finding_opened'),
    trigger('finding', 'resolved', 'finding_resolved'),
    trigger('finding', 'critical', CRITICAL_TRIGGER),
    trigger('host', 'new', 'host_new'),
    trigger('sweep', 'failed', 'sweep_failed'),
  ];
}

/**
 * Retained payload that makes one host a device. `name` and `manufacturer` are strangers' text, as observed; `model` is
 * the operating system; null: not known.
 */
export function hostDiscovery(
  host: {
    readonly id: HostId;
    readonly mac: Mac | null;
    readonly name: string;
    readonly manufacturer: string | null;
    readonly model: string | null;
  },
  agent: { readonly id: string; readonly version: string },
  topics: Topics,
  options: { readonly connections: boolean },
): string {
  const name = plain(host.name);
  const linked = options.connections && host.mac !== null && isGloballyAdministered(host.mac);
  const owner = {
    identifier: `${agentIdentifier(agent.id)}_${host.id}`,
    slug: `smbwarden_${slug(name) || host.id}`,
    stateTopic: topics.hostState(host.id),
  };
  return JSON.stringify({
    device: {
      identifiers: [owner.identifier],
      ...(linked ? { connections: [['mac', host.mac]] } : {}),
      name,
      ...(host.manufacturer === null ? {} : { manufacturer: plain(host.manufacturer) }),
      ...(host.model === null ? {} : { model: plain(host.model) }),
      via_device: agentIdentifier(agent.id),
    },
    ...frame(agent.version, topics),
    components: Object.fromEntries([
      ...hostSensors(owner, topics.hostAttributes(host.id)),
      ...hostControls(owner, host.id, topics),
    ]),
  });
}

function hostSensors(owner: Owner, attributesTopic: string): NamedComponent[] {
  const diagnostic = { entity_category: 'diagnostic' };
  const off = { ...diagnostic, enabled_by_default: false };
  const safety = { device_class: 'safety' };
  return [
    shown(owner, 'binary_sensor', 'exposure', 'Exposure', safety),
    shown(owner, 'sensor', 'severity', 'Severity', { device_class: 'enum', options: SEVERITY_OPTIONS }),
    shown(owner, 'sensor', 'findings', 'Findings', {
      state_class: 'measurement',
      unit_of_measurement: 'findings',
      json_attributes_topic: attributesTopic,
    }),
    shown(owner, 'binary_sensor', 'smb1', 'SMB 1', safety),
    shown(owner, 'binary_sensor', 'signing_optional', 'SMB signing not enforced', safety),
    shown(owner, 'binary_sensor', 'guest_access', 'Guest or anonymous access', safety),
    shown(owner, 'binary_sensor', 'netbios', 'NetBIOS name service', diagnostic),
    shown(owner, 'binary_sensor', 'reachable', 'Reachable', { ...diagnostic, device_class: 'connectivity' }),
    shown(owner, 'sensor', 'ip_address', 'IP address', diagnostic),
    shown(owner, 'sensor', 'dialect', 'SMB dialect', off),
    shown(owner, 'sensor', 'last_seen', 'Last seen', { ...off, device_class: 'timestamp' }),
  ];
}

/** What every device message carries besides the device and its components. */
function frame(version: string, topics: Topics) {
  return {
    origin: { name: 'smbwarden', sw_version: version, support_url: SUPPORT_URL },
    availability: [{ topic: topics.availability }],
    availability_mode: 'all',
  };
}

function agentIdentifier(agentId: string): string {
  return `smbwarden_${agentId}`;
}

/** Lower-case ASCII letters and digits, joined by `_`; empty where the text has none. */
function slug(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
