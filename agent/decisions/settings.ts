import type { SettingName } from '../../domain/history.ts';
import type { DecisionOutcome, OwnerCommand, ResettableSetting } from '../../domain/owner-command.ts';
import { pauseSetting } from '../config/in-force.ts';
import type { DecisionWorld } from './world.ts';

type SettingCommand = Extract<
  OwnerCommand,
  { kind: 'pause' | 'resume' | 'set-interval' | 'set-threshold' | 'reset' }
>;

/** Keeps what the owner sets at run time; it counts from the next moment on, and after a restart. */
export function changeSettings(command: SettingCommand, { settings }: DecisionWorld): DecisionOutcome {
  const wanted = settingsOf(command);
  const differing = wanted.filter(([name, value]) => settings.get(name) !== value);
  for (const [name, value] of differing) settings.set(name, value);
  return { changed: differing.length > 0, forgotten: null };
}

function settingsOf(command: SettingCommand): readonly (readonly [SettingName, string | null])[] {
  switch (command.kind) {
    case 'pause':
      return [['sweeps_enabled', pauseSetting(command)]];
    case 'resume':
      return [['sweeps_enabled', null]];
    case 'set-interval':
      return [['sweep_interval', String(command.minutes)]];
    case 'set-threshold':
      return [['alert_threshold', command.severity]];
    case 'reset':
      return command.settings.map((key) => [SETTINGS[key], null]);
  }
}

const SETTINGS: Readonly<Record<ResettableSetting, SettingName>> = {
  sweepInterval: 'sweep_interval',
  alertThreshold: 'alert_threshold',
};
