import { windowsVersion } from './end-of-life.ts';
import type { SmbIdentity } from './facts.ts';

/** What every Samba says, a fixed value in its source: never Windows 7, which has a build number. */
export const SAMBA_VERSION = '6.1.0';

/** What an NTLM challenge tells of the operating system; null: not told, or not known. */
export interface OperatingSystem {
  /** `Samba`, or the releases of Windows that the version can mean. */
  readonly os: string | null;
  /** Build of Windows as told, which is the base build of its family. */
  readonly osBuild: number | null;
}

/** The operating system by the version in the challenge; Samba tells neither its release nor a build. */
export function operatingSystem(identity: SmbIdentity | null | undefined): OperatingSystem {
  const version = identity?.version ?? null;
  if (version === null) return { os: null, osBuild: null };
  if (version === SAMBA_VERSION) return { os: 'Samba', osBuild: null };
  const build = Number(version.split('.')[2]);
  return { os: windowsVersion(version)?.os ?? null, osBuild: build > 0 ? build : null };
}
