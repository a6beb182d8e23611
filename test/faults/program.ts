import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This checkout, or with SMBWARDEN_LAB_PROGRAM another copy that must not change while the tests run. */
const ROOT =
  process.env.SMBWARDEN_LAB_PROGRAM === undefined
    ? fileURLToPath(new URL('../..', import.meta.url))
    : dirname(dirname(process.env.SMBWARDEN_LAB_PROGRAM));
const UNIT = fileURLToPath(new URL('../../systemd/smbwarden.service', import.meta.url));

/** The program with `args`, on the options of Node.js that the unit starts it with. */
export function commandOf(...args: readonly string[]): [string, ...string[]] {
  return [process.execPath, ...unitOptions(), join(ROOT, 'dist', 'smbwarden.mjs'), ...args];
}

/** What our unit says, such as `RestartPreventExitStatus`. @throws Error when it says nothing. */
export function unitSetting(name: string): string {
  const [, value] = new RegExp(`^${name}=(.+)$`, 'm').exec(readFileSync(UNIT, 'utf8')) ?? [];
  if (value === undefined) throw new Error(`${UNIT}: no ${name}`);
  return value;
}

function unitOptions(): string[] {
  const [, options] = /^\S+ (.*) \S+\.mjs run$/.exec(unitSetting('ExecStart')) ?? [];
  if (options === undefined) throw new Error(`${UNIT}: no ExecStart as expected`);
  return options.split(' ');
}

/** Of all files below a folder; one that goes meanwhile counts nothing. */
export function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return files.reduce((sum, file) => {
    return sum + (statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
