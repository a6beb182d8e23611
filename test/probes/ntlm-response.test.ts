import { describe, expect, it } from 'vitest';
import { NO_PASSWORD, type Ntlmv2Proof, ntlmv2Response } from '../../probes/ntlm-response.ts';
import { decodeAuthenticateMessage, decodeChallengeToAnswer } from '../../probes/wire/ntlm-authenticate.ts';
import { bytesOf, readFixture } from '../support/hex-file.ts';

/** [MS-NLMP] 4.2.1: what all examples share; the hash is that of 4.2.2.1.2, of the password "Password". */
const EXAMPLE: Ntlmv2Proof = {
  userName: 'User',
  domainName: 'Domain',
  ntHash: bytesOf('a4f49c406510bdcab6824ee7c30fd852'),
  serverChallenge: bytesOf('0123456789abcdef'),
  challengeFromClient: bytesOf('aaaaaaaaaaaaaaaa'),
  timestamp: 0n,
  targetInfo: bytesOf('02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000'),
};
const PROOF_BYTES = 16;
/** Between proof and time: RespType, HiRespType and two reserved fields. */
const TIME_OFFSET = 8;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('an NTLMv2 response', () => {
  it('is the one of the example in [MS-NLMP] 4.2.4.2.2', () => {
    const response = ntlmv2Response(EXAMPLE);
    expect(hex(response.slice(0, PROOF_BYTES))).toBe('68cd0ab851e51c96aabc927bebef6a1c');
    const fixture = decodeAuthenticateMessage(readFixture('ntlmssp-authenticate-ms-nlmp-user').bytes);
    expect(response).toEqual(fixture.ntChallengeResponse);
  });

  it('proves the same for a name in capitals, and not for another domain, password or challenge', () => {
    const proof = hex(ntlmv2Response(EXAMPLE));
    expect(hex(ntlmv2Response({ ...EXAMPLE, userName: 'USER' }))).toBe(proof);
    expect(hex(ntlmv2Response({ ...EXAMPLE, domainName: 'DOMAIN' }))).not.toBe(proof);
    expect(hex(ntlmv2Response({ ...EXAMPLE, ntHash: NO_PASSWORD }))).not.toBe(proof);
    expect(hex(ntlmv2Response({ ...EXAMPLE, serverChallenge: new Uint8Array(8) }))).not.toBe(proof);
  });

  it('to an empty password is the one that smbclient gave and Samba took', () => {
    const challenge = readFixture('ntlmssp-challenge-samba4-before-unknown-user').bytes;
    const answer = decodeAuthenticateMessage(
      readFixture('ntlmssp-authenticate-smbclient-unknown-user').bytes,
    );
    const { serverChallenge } = decodeChallengeToAnswer(challenge);
    const sent = answer.ntChallengeResponse;
    const clientChallenge = sent.slice(PROOF_BYTES);
    const timestamp = new DataView(clientChallenge.buffer).getBigUint64(TIME_OFFSET, true);
    const response = ntlmv2Response({
      userName: answer.userName,
      domainName: answer.domainName,
      ntHash: NO_PASSWORD,
      serverChallenge,
      challengeFromClient: clientChallenge.slice(16, 24),
      timestamp,
      // smbclient ends with MsvAvEOL; the four zeros of the specification serve it as that.
      targetInfo: clientChallenge.slice(28, -4),
    });
    expect(response).toEqual(sent);
  });
});
