import { SEVERITIES } from '../../domain/finding.ts';
import type { HostId } from '../../domain/host.ts';
import { SWEEP_INTERVAL } from '../../domain/owner-command.ts';
import { entity, type NamedComponent, type Owner, shown } from './components.ts';
import type { Topics } from './topics.ts';

/** The entities by which the owner tells smbwarden something. Their commands are read in parse-command.ts. */

const CONFIG = { entity_category: 'config' };
/** A press that is older was meant for another moment. */
const PRESS_EXPIRES = { payload_press: '{}', message_expiry_interval: 60 };

/** Controls of the agent's device. */
export function agentControls(owner: Owner, topics: Topics): NamedComponent[] {
  return [
    entity(owner, 'button', 'sweep', 'Sweep now', {
      icon: 'mdi:radar',
      command_topic: `${topics.commands}/sweep`,
      ...PRESS_EXPIRES,
    }),
    entity(owner, 'button', 'ack_all', 'Acknowledge all findings', {
      ...CONFIG,
      icon: 'mdi:check-all',
      command_topic: `${topics.commands}/findings/ack_all`,
      payload_press: '{}',
    }),
    shown(owner, 'switch', 'sweeps_enabled', 'Scheduled sweeps', {
      ...CONFIG,
      icon: 'mdi:timer-play',
      command_topic: `${topics.commands}/sweeps_enabled/set`,
    }),
    shown(owner, 'number', 'sweep_interval', 'Sweep interval', {
      ...CONFIG,
      icon: 'mdi:timer-cog',
      command_topic: `${topics.commands}/sweep_interval/set`,
      unit_of_measurement: 'min',
      min: SWEEP_INTERVAL.least,
      max: SWEEP_INTERVAL.most,
      mode: 'box',
    }),
    shown(owner, 'select', 'alert_threshold', 'Alert threshold', {
      ...CONFIG,
      icon: 'mdi:bell-cog',
      command_topic: `${topics.commands}/alert_threshold/set`,
      options: SEVERITIES,
    }),
  ];
}

/** Controls of a host's device. */
export function hostControls(owner: Owner, hostId: HostId, topics: Topics): NamedComponent[] {
  const commands = topics.hostCommands(hostId);
  return [
    entity(owner, 'button', 'recheck', 'Check now', {
      icon: 'mdi:radar',
      command_topic: `${commands}/recheck`,
      ...PRESS_EXPIRES,
    }),
    entity(owner, 'button', 'acknowledge', 'Acknowledge findings', {
      icon: 'mdi:check',
      command_topic: `${commands}/ack`,
      payload_press: '{}',
    }),
    shown(owner, 'switch', 'ignore', 'Ignore', {
      ...CONFIG,
      icon: 'mdi:bell-off',
      command_topic: `${commands}/ignore/set`,
    }),
  ];
}
