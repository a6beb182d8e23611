import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The daemon as the systemd unit of the copy in `root` starts it: with the unit's options for the runtime. */
export function unitCommand(root: string): string[] {
  const unit = readFileSync(join(root, 'systemd/smbwarden.service'), 'utf8');
  const [, options] = /^ExecStart=\S+\/node (.*) \S+\/smbwarden\.mjs run$/m.exec(unit) ?? [];
  if (options === undefined)
    throw new Error(`${root}/systemd/smbwarden.service: no ExecStart that is understood`);
  return [join(root, 'node_modules/.bin/node'), ...options.split(' '), join(root, 'dist/smbwarden.mjs')];
}
