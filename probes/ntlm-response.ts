import { createHmac } from 'node:crypto';
import { encodeNtlmv2ClientChallenge, type Ntlmv2ClientChallenge } from './wire/ntlm-authenticate.ts';

/** NT hash of the empty password, [MS-NLMP] 3.3.1: MD4 of nothing, a constant, since OpenSSL 3 has no MD4. */
export const NO_PASSWORD: Uint8Array = Uint8Array.from(
  Buffer.from('31d6cfe0d16ae931b73c59d7e0c089c0', 'hex'),
);

/** Who proves to know which password, and to what. */
export interface Ntlmv2Proof extends Ntlmv2ClientChallenge {
  readonly userName: string;
  /** Empty: the server's own users. */
  readonly domainName: string;
  /** Sixteen bytes, MD4 of the password. */
  readonly ntHash: Uint8Array;
  /** Eight bytes. */
  readonly serverChallenge: Uint8Array;
}

/** An NTLMv2_RESPONSE: sixteen bytes of proof, and behind them the client challenge that they cover. [MS-NLMP] 3.3.2. */
export function ntlmv2Response(proof: Ntlmv2Proof): Uint8Array {
  const { ntHash, userName, domainName, serverChallenge } = proof;
  const identity = Buffer.from(userName.toUpperCase() + domainName, 'utf16le');
  const key = hmacMd5(ntHash, identity);
  const clientChallenge = encodeNtlmv2ClientChallenge(proof);
  return Uint8Array.from([...hmacMd5(key, serverChallenge, clientChallenge), ...clientChallenge]);
}

function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
