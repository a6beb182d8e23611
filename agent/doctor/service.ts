import { type Check, fault, ok, unknown, warning } from './check.ts';
import type { Control, Unit } from './doctor-world.ts';

const LOG = 'journalctl -u smbwarden -n 50';
const RESTART = 'systemctl restart smbwarden';
const RELOAD = 'systemctl daemon-reload';
/** A restart now and then comes with updates; more than this is a loop. */
const MANY_RESTARTS = 3;

/** The service as systemd sees it; `unit` null: there is no systemd here. */
export function unitChecks(unit: Unit | null): Check[] {
  if (unit === null) return [unknown('unit', 'there is no systemd here')];
  if (unit.loadState === 'not-found') {
    return [unknown('unit', 'smbwarden is not installed as a service', { commands: ['./install.sh'] })];
  }
  return [stateCheck(unit), ...watchChecks(unit)];
}

function stateCheck(unit: Unit): Check {
  const { loadState, activeState, fileState, outcome } = unit;
  if (loadState !== 'loaded') {
    const unmask = loadState === 'masked' ? ['systemctl unmask smbwarden'] : ['systemctl cat smbwarden'];
    return fault('unit', `systemd does not take the unit: ${loadState}`, { commands: unmask });
  }
  if (activeState === 'failed') {
    return fault('unit', `the service has failed (${outcome})`, {
      advice: 'The log says why; when that is mended:',
      commands: [LOG, 'systemctl reset-failed smbwarden', 'systemctl start smbwarden'],
    });
  }
  if (activeState === 'inactive' || activeState === 'deactivating') {
    return warning('unit', 'the service is stopped: nothing is swept', {
      commands: ['systemctl enable --now smbwarden'],
    });
  }
  if (activeState !== 'active') return warning('unit', `the service is ${activeState}`, { commands: [LOG] });
  if (fileState === 'enabled') return ok('unit', 'running, and started with the machine');
  return warning('unit', 'running, but not started with the machine', {
    commands: ['systemctl enable smbwarden'],
  });
}

function watchChecks({ activeState, restarts, watchdogMs, needsReload }: Unit): Check[] {
  const reload = warning('unit', 'the unit file has changed, and systemd has not read it again', {
    commands: [RELOAD, RESTART],
  });
  return [
    ...(needsReload ? [reload] : []),
    ...(activeState === 'active' ? [watchdogCheck(watchdogMs), restartCheck(restarts)] : []),
  ];
}

function watchdogCheck(ms: number): Check {
  if (ms > 0) return ok('watchdog', `a daemon that hangs is restarted after ${ms / 1_000} s`);
  return warning('watchdog', 'nobody notices a daemon that hangs: the unit has no WatchdogSec=', {
    commands: [dropIn('watchdog', 'WatchdogSec=30s'), RELOAD, RESTART],
  });
}

function restartCheck(restarts: number): Check {
  if (restarts === 0) return ok('restarts', 'none since the service was started');
  const what = `systemd has restarted it ${restarts === 1 ? 'once' : `${restarts} times`}`;
  const mend = { advice: 'The log says why:', commands: ['journalctl -u smbwarden -p warning -n 50'] };
  return restarts > MANY_RESTARTS ? fault('restarts', what, mend) : warning('restarts', what, mend);
}

/** One command that writes a line of `[Service]` beside the unit. */
export function dropIn(name: string, line: string): string {
  const directory = '/etc/systemd/system/smbwarden.service.d';
  return `mkdir -p ${directory} && printf '[Service]\\n${line}\\n' > ${directory}/${name}.conf`;
}

/** Does the daemon answer, is it the only one, and is it of this version? */
export function daemonChecks(
  control: Control,
  unit: Unit | null,
  daemons: readonly number[],
  version: string,
): Check[] {
  return [
    answerCheck(control, unit),
    ...versionCheck(control, version),
    ...rivalChecks(control, unit, daemons),
  ];
}

function answerCheck(control: Control, unit: Unit | null): Check {
  const { path } = control;
  if (control.kind === 'failed') {
    return fault('daemon', control.message, {
      advice: 'Only root and the group smbwarden may use it; a new group counts from the next login:',
      commands: ['usermod -aG smbwarden "$USER"'],
    });
  }
  if (control.kind === 'silent') {
    if (unit?.activeState !== 'active') return unknown('daemon', `none answers at ${path}`);
    return fault('daemon', `the service runs, but none answers at ${path}: it keeps its history elsewhere`, {
      advice: 'Name the same --data-dir that the unit does:',
      commands: ['systemctl cat smbwarden', RESTART],
    });
  }
  const { pid, status, problem } = control.daemon;
  if (problem === null) return ok('daemon', `${status} (pid ${pid}), answers at ${path}`);
  return warning('daemon', `${status} (pid ${pid}), and it has a problem: ${problem}`, { commands: [LOG] });
}

function versionCheck(control: Control, version: string): Check[] {
  if (control.kind !== 'answers' || control.daemon.version === version) return [];
  const what = `the daemon is smbwarden ${control.daemon.version}, this command ${version}`;
  return [warning('daemon', what, { commands: [RESTART] })];
}

function rivalChecks(control: Control, unit: Unit | null, daemons: readonly number[]): Check[] {
  const own = control.kind === 'answers' ? control.daemon.pid : null;
  const serving = unit?.activeState === 'active' ? unit.mainPid : null;
  const others = daemons.filter((pid) => pid !== own);
  if (own === null || others.length === 0) return [];
  const stop = others.map((pid) => (pid === serving ? 'systemctl stop smbwarden' : `kill ${pid}`));
  return [
    fault(
      'second-instance',
      `beside the daemon that answers (pid ${own}), another one runs: pid ${others.join(', ')}`,
      {
        advice: 'Both sweep the same hosts, and throw each other off the broker. Stop one of them:',
        commands: stop,
      },
    ),
  ];
}
