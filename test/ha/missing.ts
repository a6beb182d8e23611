import { missingForLab } from '../lab/requirements.ts';
import { builtEnvironment, type Environment, RELEASES, releaseOf } from './environment.ts';

/** The release that this process tests: SMBWARDEN_HA_RELEASE, else the newest. */
export function chosenRelease() {
  const version = process.env.SMBWARDEN_HA_RELEASE;
  return version === undefined ? (RELEASES[0] as (typeof RELEASES)[number]) : releaseOf(version);
}

/** The environment of the chosen release. @throws Error when it is not built. */
export function chosenEnvironment(): Environment {
  const environment = builtEnvironment(chosenRelease());
  if (environment === null) throw new Error('Home Assistant is not built; run npm run test:ha');
  return environment;
}

/** What keeps Home Assistant from being tested here, one sentence each; empty: nothing does. */
export async function missingForHomeAssistant(): Promise<string[]> {
  const release = chosenRelease();
  const built = builtEnvironment(release) !== null;
  const notBuilt = `Home Assistant ${release.homeAssistant} is not built here: npm run test:ha -- build`;
  return [...(await missingForLab()), ...(built ? [] : [notBuilt])];
}

/** The sentence to print where it cannot be tested. */
export function homeAssistantNotRun(missing: readonly string[]): string {
  return `Home Assistant was NOT tested: ${missing.join('; ')}`;
}
