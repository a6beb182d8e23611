import type { SmbIdentity } from '../domain/facts.ts';
import { decodeChallengeMessage, type NtlmVersion } from './wire/ntlmssp.ts';

/** What stands in place of a version that is not there: impacket sends eight bytes of it. */
const FILLER = { byte: 0xff, build: 0xffff } as const;

/**
 * Names and version from an NTLM CHALLENGE_MESSAGE; what is empty there is not told.
 * @throws DecodeError when it is none.
 */
export function identityIn(challenge: Uint8Array): SmbIdentity {
  const { version, targetInfo } = decodeChallengeMessage(challenge);
  return {
    computer: targetInfo.nbComputerName || null,
    domain: targetInfo.nbDomainName || null,
    dnsComputer: targetInfo.dnsComputerName || null,
    dnsDomain: targetInfo.dnsDomainName || null,
    version: versionText(version),
  };
}

function versionText(version: NtlmVersion | null): string | null {
  if (version === null) return null;
  const { major, minor, build } = version;
  if (major === FILLER.byte && minor === FILLER.byte && build === FILLER.build) return null;
  return `${major}.${minor}.${build}`;
}
