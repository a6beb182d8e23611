import type { Dialect } from '../domain/facts.ts';
import type { Smb2Selection } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { CIPHER_NAMES, offerOn, SMB2_DIALECTS, selectedCipher, serverGuidOf } from './smb2-offer.ts';
import { filetimeToMilliseconds } from './wire/dtyp.ts';
import { SMB2_CAPABILITIES, SMB2_SECURITY_MODE, type Smb2NegotiateResponse } from './wire/smb2-negotiate.ts';
import { COMPRESSION_ALGORITHM } from './wire/smb2-negotiate-contexts.ts';

/*
 * Does the server speak SMB 2 or 3: which dialect is its best, and does it require signing?
 *
 * 1. One SMB2 NEGOTIATE that offers all five dialects, with the contexts that 3.1.1 demands, on the connection that is
 *    open already: TCP 445, or a NetBIOS session on 139. Client GUID, salt and nothing else of ours are random.
 * 2. The server selects its best dialect and says its policy; the connection ends with FIN.
 * It stops before SESSION_SETUP: no credentials, no session. "Required" is read from SecurityMode alone.
 * [MS-SMB2] 2.2.3, 2.2.4, 3.3.5.4.
 */

/** No server answers so soon after its start. */
const STARTED_NOW_MS = 1_000;

export const smbDialects: Probe<Smb2Selection> = {
  name: 'smb-dialects',
  asks: 'Which is your best dialect of SMB 2 and 3, and do you require signing?',
  level: 'L2',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 236,
  run: negotiate,
};

async function negotiate(context: ProbeContext): Promise<Outcome<Smb2Selection>> {
  const { connection, ports } = context;
  if (connection === null) return { kind: 'silent' };
  const port = connection.port === ports.session ? 139 : 445;
  const reply = await offerOn({ port, connection }, context, { dialects: SMB2_DIALECTS });
  if (reply.kind !== 'selected') return reply;
  return { kind: 'answered', seen: toSelection(reply.response, reply.dialect), connection: null };
}

function toSelection(response: Smb2NegotiateResponse, dialect: Dialect): Smb2Selection {
  const required = (response.securityMode & SMB2_SECURITY_MODE.SMB2_NEGOTIATE_SIGNING_REQUIRED) !== 0;
  return {
    dialect,
    signing: required ? 'required' : 'enabled',
    encryptionSupported: supportsEncryption(response, dialect),
    cipher: dialect === '3.1.1' ? (CIPHER_NAMES.get(selectedCipher(response)) ?? null) : null,
    compression: compressionNames(response),
    serverGuid: serverGuidOf(response),
    systemTime: filetimeToMilliseconds(response.systemTime),
    bootTime: bootTimeOf(response),
  };
}

/** Milliseconds UTC; null where nothing is told, as zero or, by impacket, as the time of the answer each time. */
function bootTimeOf({ systemTime, serverStartTime }: Smb2NegotiateResponse): number | null {
  const [now, start] = [systemTime, serverStartTime].map(filetimeToMilliseconds);
  if (now == null || start == null) return start ?? null;
  return Math.abs(now - start) <= STARTED_NOW_MS ? null : start;
}

/** 3.1.1 says it by a cipher context that is not 0 and clears the capability; 3.0 and 3.0.2 by the capability. */
function supportsEncryption(response: Smb2NegotiateResponse, dialect: Dialect): boolean {
  if (dialect === '3.1.1') return response.contexts?.ciphers?.some((cipher) => cipher !== 0) ?? false;
  const flagged = (response.capabilities & SMB2_CAPABILITIES.SMB2_GLOBAL_CAP_ENCRYPTION) !== 0;
  return flagged && dialect.startsWith('3.');
}

function compressionNames(response: Smb2NegotiateResponse): string[] {
  const names = new Map<number, string>(
    Object.entries(COMPRESSION_ALGORITHM).map(([name, id]) => [id, name]),
  );
  const algorithms = response.contexts?.compression?.algorithms ?? [];
  return algorithms
    .filter((id) => id !== COMPRESSION_ALGORITHM.NONE)
    .map((id) => names.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`);
}
