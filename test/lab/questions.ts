/** How deep a question goes by its bytes (docs/probing.md), told by hand as by somebody who watches the wire. Pure. */
import type { Level } from '../../domain/level.ts';

const NBSS_BYTES = 4;
const NBSS_SESSION_MESSAGE = 0x00;
const SMB1 = { protocol: 'ff534d42', negotiate: 0x72, sessionSetup: 0x73 } as const;
const SMB2 = { protocol: 'fe534d42', negotiate: 0x00, sessionSetup: 0x01, headerBytes: 64 } as const;
const ALL_DIALECTS = 5;
const NTLMSSP = Buffer.from('NTLMSSP\0');
const NTLM_NEGOTIATE = 1;

/** One request of SMB, by the bytes of one segment: we send each request by itself. */
interface SmbRequest {
  readonly generation: 1 | 2;
  readonly command: number;
  readonly message: Buffer;
}

/** L1 is whatever is no SMB: requests for a NetBIOS session, binds to the endpoint mapper. */
export function levelOf(payload: Buffer): Level {
  const request = smbRequestIn(payload);
  if (request === null) return 'L1';
  if (isNegotiate(request)) return offersAll(request) ? 'L2' : 'L3';
  return isSessionSetup(request) && !logsOn(request) ? 'L3' : 'L4';
}

/** Somebody, or nobody, logs on: by every session setup but that which only asks for the NTLM challenge. */
export function isLogon(payload: Buffer): boolean {
  const request = smbRequestIn(payload);
  return request !== null && isSessionSetup(request) && logsOn(request);
}

function smbRequestIn(payload: Buffer): SmbRequest | null {
  if (payload[0] !== NBSS_SESSION_MESSAGE) return null;
  const message = payload.subarray(NBSS_BYTES);
  const protocol = message.subarray(0, 4).toString('hex');
  if (protocol === SMB1.protocol) return { generation: 1, command: message.readUInt8(4), message };
  if (protocol === SMB2.protocol) return { generation: 2, command: message.readUInt16LE(12), message };
  return null;
}

function isNegotiate({ generation, command }: SmbRequest): boolean {
  return command === (generation === 1 ? SMB1 : SMB2).negotiate;
}

function isSessionSetup({ generation, command }: SmbRequest): boolean {
  return command === (generation === 1 ? SMB1 : SMB2).sessionSetup;
}

/** Every dialect of SMB 2 and 3 at once. */
function offersAll({ generation, message }: SmbRequest): boolean {
  return generation === 2 && message.readUInt16LE(SMB2.headerBytes + 2) === ALL_DIALECTS;
}

/** By MessageType of [MS-NLMP] 2.2.1, wherever in its wrapping it stands; where no NTLM is spoken there is no challenge. */
function logsOn({ message }: SmbRequest): boolean {
  const at = message.indexOf(NTLMSSP);
  return at === -1 || message.readUInt32LE(at + NTLMSSP.length) !== NTLM_NEGOTIATE;
}
