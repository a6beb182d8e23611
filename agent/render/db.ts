import { visible } from '../../domain/text.ts';
import type { DatabaseCheck, RestoreReport } from '../commands/context.ts';
import { type Clock, isoOrNull, localTime } from './time.ts';

/** `8.4 MB`, `512 kB`; powers of ten. */
export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** One line when all is well; else the faults, and what to do. */
export function checkText({ file, size, free, schema, faults }: DatabaseCheck): string {
  const place = visible(file);
  if (faults.length === 0)
    return `${place}: in order (schema ${schema}, ${sizeText(size)}, ${sizeText(free)} of it free)`;
  return [
    `${place}: damaged`,
    ...faults.map((fault) => `  ${visible(fault)}`),
    'What to do: restart the daemon (systemctl restart smbwarden). It sets the file aside, deletes nothing, and goes on with',
    'the newest good backup. Or stop the daemon and name a backup yourself: "smbwarden db restore FILE".',
  ].join('\n');
}

/** `db check --json`. */
export function checkJson(checked: DatabaseCheck): object {
  return { schema: 1, database: { ...checked, good: checked.faults.length === 0 } };
}

/** What is in force now, what is missing in it, and where the history of before is. */
export function restoreText({ from, recordedUntil, keptAs }: RestoreReport, clock: Clock): string {
  const until =
    recordedUntil === null
      ? 'No sweep is recorded in it.'
      : `Its last sweep ended at ${localTime(recordedUntil, clock)}; what happened later is not in it.`;
  const kept = keptAs === null ? [] : [`The history that was there before is kept as ${visible(keptAs)}.`];
  return [`${visible(from)} is the history now. ${until}`, ...kept].join('\n');
}

/** `db restore --json`. */
export function restoreJson({ from, recordedUntil, keptAs }: RestoreReport): object {
  return { schema: 1, restore: { from, recordedUntil: isoOrNull(recordedUntil), keptAs } };
}
