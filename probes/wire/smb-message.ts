/**
 * Which protocol a message begins with, [MS-CIFS] 2.2.3.1 and [MS-SMB2] 2.2.1. `message` is what a frame
 * holds, behind the four bytes of nbss.ts.
 *
 *  offset  size
 *       0     4  Protocol or ProtocolId: FF 'SMB' or FE 'SMB'
 */
import type { Reader } from './reader.ts';

export const SMB1_PROTOCOL = [0xff, 0x53, 0x4d, 0x42] as const;
export const SMB2_PROTOCOL_ID = [0xfe, 0x53, 0x4d, 0x42] as const;

/**
 * SMB 1, SMB 2/3, or null: not SMB at all, or one of the transform headers (FD, FC), to which no NEGOTIATE is
 * ever answered.
 */
export function smbProtocol(message: Uint8Array): 'smb1' | 'smb2' | null {
  if (SMB1_PROTOCOL.every((byte, i) => message[i] === byte)) return 'smb1';
  if (SMB2_PROTOCOL_ID.every((byte, i) => message[i] === byte)) return 'smb2';
  return null;
}

/** @throws DecodeError unless the next four bytes are `protocol`. */
export function expectProtocol(reader: Reader, protocol: readonly number[]): void {
  for (const byte of protocol) reader.expect(reader.uint8('ProtocolId'), byte);
}
