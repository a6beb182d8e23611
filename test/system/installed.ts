import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Ran } from '../lab/run.ts';
import type { Machine } from './machine.ts';

const INSTALLER = fileURLToPath(new URL('../../install.sh', import.meta.url));

/** Restart=always tries again after 5 s. */
const RESTARTED_WITHIN_MS = 60_000;

/** What `smbwarden sweep --json` and its like say, as far as the tests read it. */
export interface ReportJson {
  readonly sweep: { readonly id: number; readonly complete: boolean };
  readonly hosts: readonly {
    readonly id: string;
    readonly name: string;
    readonly firstSeenAt: string;
    readonly findings: readonly { readonly rule: string; readonly state: string }[];
  }[];
  readonly changes: readonly { readonly type: string; readonly summary: string }[];
}

/** How smbwarden is installed on a machine, and how it is looked at there. */
export class Installed {
  readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Puts a release with its checksums, and the installer of this checkout, where a download would be. */
  async download(tarball: string, folder: string): Promise<void> {
    await this.machine.sh(`mkdir -p /root/${folder}`);
    await this.machine.put(tarball, `root/${folder}/${basename(tarball)}`);
    await this.machine.put(join(tarball, '../SHA256SUMS'), `root/${folder}/SHA256SUMS`);
    await this.machine.put(INSTALLER, 'root/install.sh');
  }

  /** Runs install.sh as an owner at a script would: without a terminal. */
  installer(...args: readonly string[]): Promise<Ran> {
    return this.machine.run('sh', '/root/install.sh', ...args);
  }

  /** The same from a release that was downloaded to that folder. */
  async installFrom(folder: string, ...args: readonly string[]): Promise<Ran> {
    const tarball = await this.machine.sh(`echo /root/${folder}/*.tar.gz`);
    return this.installer('--offline', tarball, ...args);
  }

  /**
   * Starts the service. A start that fails for anything but a mistake of the owner's is tried again by the unit, and has a
   * minute for that; the end of the journal is shown then, since systemctl says nothing of the cause. @throws Error with it.
   */
  async start(): Promise<void> {
    const { code, stderr } = await this.machine.run('systemctl', 'start', 'smbwarden');
    if (code === 0) return;
    const journal = await this.machine.out('journalctl', '-u', 'smbwarden', '-n', '30', '--no-pager');
    console.warn(`smbwarden did not start at once: ${stderr}${journal}`);
    const deadline = performance.now() + RESTARTED_WITHIN_MS;
    while ((await this.property('ActiveState')) !== 'active') {
      if (performance.now() > deadline) throw new Error(`smbwarden does not start: ${stderr}${journal}`);
      await delay(250);
    }
  }

  async json<Json>(...args: readonly string[]): Promise<Json> {
    return JSON.parse(await this.machine.out('smbwarden', '--json', ...args)) as Json;
  }

  /** One property of the unit, as systemctl show tells it. */
  property(name: string): Promise<string> {
    return this.machine.out('systemctl', 'show', '--property', name, '--value', 'smbwarden');
  }

  /** What the service has written since the machine booted. */
  journal(): Promise<string> {
    return this.machine.out('journalctl', '-u', 'smbwarden', '-o', 'cat', '--no-pager');
  }

  /** Which schema the history has, by its header (user_version, four bytes at 60). */
  async schema(): Promise<number> {
    const bytes = 'od -An -tu1 -j63 -N1 /var/lib/smbwarden/smbwarden.db';
    return Number(await this.machine.sh(`systemctl stop smbwarden; ${bytes}; systemctl start smbwarden`));
  }
}

/** Folders of which somebody else keeps the books: of the kernel, of what lives until the next boot, and of the test. */
const NOT_LISTED = ['/proc', '/sys', '/dev', '/run', '/tmp', '/root', '/var/log/journal', '/var/tmp'];

/**
 * Every file of a machine with type, mode and owner, and where links point; and every line of its list of users. Sorted.
 */
export async function everything(machine: Machine): Promise<string[]> {
  const pruned = NOT_LISTED.map((folder) => `-path ${folder}`).join(' -o ');
  const files = await machine.sh(
    `find / -xdev \\( ${pruned} \\) -prune -o -printf '%p %y %m %u:%g %l\\n'; cat /etc/passwd /etc/group`,
  );
  return files.split('\n').sort();
}

/** What is in the second list and not in the first. */
export function addedTo(before: readonly string[], after: readonly string[]): string[] {
  const known = new Set(before);
  return after.filter((line) => !known.has(line));
}
