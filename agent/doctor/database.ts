import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { type Check, fault, ok, shellWord, unknown, warning } from './check.ts';
import type { DatabaseState, DoctorWorld } from './doctor-world.ts';

type World = Pick<DoctorWorld, 'database' | 'freeDisk' | 'dataDir' | 'now' | 'control'>;
type There = Extract<DatabaseState, { kind: 'there' }>;

const NEARLY_FULL = 0.9;
const LEAST_FREE = 64e6;
const SCARCE_FREE = 512e6;
/** Backups are made daily. */
const BACKUP_OVERDUE_MS = 3 * 86_400_000;

/** By the code of the StorageError; its message says the rest. */
const MENDS: Readonly<Record<string, string>> = {
  permission: 'sudo smbwarden doctor',
  'read-only': 'systemctl start smbwarden',
  'older-schema': 'systemctl restart smbwarden',
};

/** The history: is every page of it good, has it room, and is there a backup? `config` null: not known. */
export async function databaseChecks(world: World, config: Config | null): Promise<Check[]> {
  const state = world.database();
  const disk = diskCheck(world);
  switch (state.kind) {
    case 'none':
      return [
        unknown('database', `${state.file}: there is no history yet`, { commands: ['smbwarden sweep'] }),
        ...disk,
      ];
    case 'failed':
      return [
        fault('database', state.message, { commands: [MENDS[state.code ?? ''] ?? 'smbwarden db check'] }),
        ...disk,
      ];
    case 'there': {
      const runs = (await world.control()).kind === 'answers';
      return [
        pagesCheck(state),
        ...(config === null ? [] : [quotaCheck(state, config)]),
        ...disk,
        ...backupCheck(state, runs, world.now()),
        ...leftoverChecks(state),
      ];
    }
    default:
      return state satisfies never;
  }
}

function pagesCheck({ file, checked }: There): Check {
  const { faults, schema } = checked;
  if (faults.length === 0) return ok('database', `${file}: every page is good, schema ${schema}`);
  // A file that is too damaged to be read is told of in the words of whoever tried, which name it.
  const what = schema === null ? faults.join('; ') : `${file}: damaged: ${faults.slice(0, 3).join('; ')}`;
  return fault('database', what, {
    advice: 'A restart sets the file aside, deletes nothing, and goes on with the newest good backup:',
    commands: ['systemctl restart smbwarden'],
  });
}

function quotaCheck({ checked }: There, { quota }: Config): Check {
  const used = (checked.size - checked.free) / (quota * 1e6);
  const what = `${megabytes(checked.size - checked.free)} of ${quota} MB that it may take`;
  if (used < NEARLY_FULL) return ok('quota', what);
  return warning('quota', `${what}: what is oldest will soon be dropped before its time`, {
    advice: 'Raise quota in the configuration, or shorten retention there, then:',
    commands: ['systemctl reload smbwarden'],
  });
}

function diskCheck(world: World): Check[] {
  const free = world.freeDisk();
  if (free === null) return [];
  const what = `${megabytes(free)} free where the history is kept (${world.dataDir})`;
  if (free >= SCARCE_FREE) return [ok('disk', what)];
  const mend = {
    advice: 'What takes the space there:',
    commands: [
      `du -xh --max-depth=2 ${shellWord(dirname(world.dataDir))} | sort -h | tail`,
      'journalctl --vacuum-size=200M',
    ],
  };
  return [free < LEAST_FREE ? fault('disk', what, mend) : warning('disk', what, mend)];
}

function backupCheck({ lastBackupAt, file }: There, daemonRuns: boolean, now: number): Check[] {
  const mend = { commands: [`smbwarden db backup ${shellWord(`${file}.copy`)} --force`] };
  if (lastBackupAt === null) {
    const what = 'none yet: the daemon makes one a day';
    return [daemonRuns ? ok('backup', what) : unknown('backup', what, mend)];
  }
  const what = `the last one is of ${new Date(lastBackupAt).toISOString().slice(0, 16)}Z`;
  if (!daemonRuns || now - lastBackupAt < BACKUP_OVERDUE_MS) return [ok('backup', what)];
  return [
    warning('backup', `${what}, though the daemon makes one a day`, {
      advice: 'The log says why:',
      commands: ['journalctl -u smbwarden -g back', ...mend.commands],
    }),
  ];
}

function leftoverChecks({ file, setAside, strayFiles }: There): Check[] {
  const directory = shellWord(dirname(file));
  return [
    ...strayFiles.map((stray) =>
      fault(
        'database-owner',
        `${stray}: it does not belong to the owner of ${dirname(file)}, who has to write it`,
        {
          commands: [`chown --reference=${directory} ${shellWord(stray)}`],
        },
      ),
    ),
    ...setAside.map((damaged) =>
      warning('set-aside', `${damaged}: a damaged history that was set aside; a backup took its place`, {
        advice: 'Keep it as long as you miss something of it, then remove it:',
        commands: [`rm ${shellWord(damaged)}`],
      }),
    ),
  ];
}

function megabytes(bytes: number): string {
  return bytes < 1e10 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(0)} GB`;
}
