import type { Config } from '../config.ts';
import { type Check, fault, ok, shellWord, unknown, warning } from './check.ts';
import type { DoctorWorld, FileState } from './doctor-world.ts';

const NAME = 'configuration';

/** Every mistake in the configuration, each as a fault of its own. */
export function configurationChecks(
  world: Pick<DoctorWorld, 'configuration' | 'fileAt' | 'dataDir'>,
): Check[] {
  const { configuration } = world;
  if (configuration.kind === 'wrong') {
    const { message, mistakes } = configuration;
    if (mistakes.length === 0) return [fault(NAME, message, { commands: ['smbwarden config check'] })];
    return mistakes.map((mistake) => {
      const place = [mistake.line === null ? '' : `line ${mistake.line}`, mistake.path].filter(Boolean);
      return fault(NAME, [...place, mistake.message].join(': '), {
        advice: 'Correct that line, then look again:',
        commands: ['smbwarden config check'],
      });
    });
  }
  const { file, config } = configuration;
  if (file === null) return [ok(NAME, 'no file: the defaults are in force')];
  const state = world.fileAt(file);
  return [
    ok(NAME, `${file}: no mistakes`),
    ...(state === null
      ? []
      : [...shownSecret(config, file, state), ...hiddenFromService(file, state, world)]),
  ];
}

const READABLE_BY_OTHERS = 0o004;
const READABLE_BY_GROUP = 0o040;

function shownSecret({ mqtt }: Config, file: string, { mode }: FileState): Check[] {
  if (mqtt.password === null || (mode & READABLE_BY_OTHERS) === 0) return [];
  const what = `${file}: it holds mqtt.password, and everybody on this machine may read it`;
  return [fault('configuration-mode', what, { commands: [`chmod o-rwx ${shellWord(file)}`] })];
}

/** The owner of the data directory is the user that the service runs as. */
function hiddenFromService(
  file: string,
  { mode, uid, gid }: FileState,
  { fileAt, dataDir }: Pick<DoctorWorld, 'fileAt' | 'dataDir'>,
): Check[] {
  const service = fileAt(dataDir);
  if (service === null || service.uid === 0 || service.uid === uid) return [];
  if ((mode & READABLE_BY_OTHERS) !== 0) return [];
  if (service.gid === gid && (mode & READABLE_BY_GROUP) !== 0) return [];
  const word = shellWord(file);
  return [
    fault('configuration-mode', `${file}: the user that owns ${dataDir} may not read it`, {
      commands: [`chgrp --reference=${shellWord(dataDir)} ${word}`, `chmod g+r ${word}`],
    }),
  ];
}

/** Can the broker's password be read, and by nobody else? */
export function passwordCheck(world: Pick<DoctorWorld, 'password' | 'fileAt'>, config: Config): Check[] {
  const { mqtt } = config;
  if (mqtt.url === null) return [];
  const state = world.password(config);
  switch (state.kind) {
    case 'none':
      return [noPassword(mqtt)];
    case 'known': {
      const source = state.source === 'passwordFile' ? (mqtt.passwordFile ?? '') : `the ${state.source}`;
      return [ok('password', `from ${source}`)];
    }
    case 'hidden':
      return [
        unknown('password', `${state.file}: the password of the service, which this user may not read`, {
          commands: ['sudo smbwarden doctor'],
        }),
      ];
    case 'failed':
      return [passwordFault(mqtt, state.message, world)];
    default:
      return state satisfies never;
  }
}

function noPassword({ username }: Config['mqtt']): Check {
  if (username === null) return ok('password', 'none: the broker is asked without user name and password');
  return warning('password', `mqtt.username is "${username}", but there is no password`, {
    advice: 'Name a file in mqtt.passwordFile, and type the password into it, ended by Enter and Ctrl-D:',
    commands: [newPasswordFile('/etc/smbwarden/mqtt-password')],
  });
}

function passwordFault(
  { passwordFile: file }: Config['mqtt'],
  message: string,
  { fileAt }: Pick<DoctorWorld, 'fileAt'>,
): Check {
  if (file === null) return fault('password', message, { commands: ['systemctl cat smbwarden'] });
  const state = fileAt(file);
  if (state === null) {
    return fault('password', message, {
      advice: 'Type the password into it, ended by Enter and Ctrl-D:',
      commands: [newPasswordFile(file)],
    });
  }
  if ((state.mode & READABLE_BY_OTHERS) !== 0) {
    return fault('password', `${file}: everybody on this machine may read it, so it is not used`, {
      commands: [`chmod o-rwx ${shellWord(file)}`],
    });
  }
  return fault('password', message, { commands: [`ls -l ${shellWord(file)}`, 'sudo smbwarden doctor'] });
}

function newPasswordFile(file: string): string {
  return `install -m 0640 -o root -g smbwarden /dev/stdin ${shellWord(file)}`;
}
