import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { packOlder, packThis } from './releases.ts';
import { missingForSystem, SUITES, userland } from './userlands.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Tarballs of this checkout and of the one before the newest migration. */
    releases: { readonly today: string; readonly older: string | null };
  }
}

/** What all system tests share, made once: the user lands and the releases. Vitest calls it before the first test. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if ((await missingForSystem()).length > 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'smbwarden-releases-'));
  const userlands = Promise.all(SUITES.map(userland));
  const today = await packThis(join(folder, 'today'));
  const older = await packOlder(join(folder, 'older'));
  if (older === null)
    console.warn('\nThe upgrade was NOT tested: an older release needs the history of the repository\n');
  await userlands;
  project.provide('releases', { today, older });
  return () => rm(folder, { recursive: true, force: true });
}
