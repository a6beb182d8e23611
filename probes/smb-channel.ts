import { type Outcome, type ProbeContext, REPLY_TIMEOUT_MS } from './probe.ts';
import type { Connection, FrameLength } from './transport/tcp.ts';
import {
  decodeSessionResponse,
  directTcpFrameLength,
  encodeSessionRequest,
  sessionFrameLength,
  unwrapMessage,
  wrapMessage,
} from './wire/nbss.ts';
import { DecodeError } from './wire/reader.ts';

/** What smbwarden calls itself in session requests; it shows up in the logs of the hosts. */
export const CALLING_NAME = 'SMBWARDEN';

/** However often a server says that it is still working. */
const LONGEST_WORK_MS = 8_000;

/** A way to send one SMB message and read one back, over TCP 445 directly or over a NetBIOS session on 139. */
export interface SmbChannel {
  readonly port: 445 | 139;
  readonly connection: Connection;
}

/** The reply to one message, not yet decoded; or how the exchange ended without one. */
export type Exchange =
  | { readonly kind: 'message'; readonly message: Uint8Array }
  | Extract<Outcome<never>, { readonly kind: 'silent' | 'hung-up' | 'malformed' }>;

/**
 * A fresh channel to the host on the line. On 139 a session is requested first, for the best called name alone.
 * Anything but a channel is how the attempt ended.
 */
export async function openSmbChannel(
  context: ProbeContext,
  port: 445 | 139,
): Promise<
  { readonly kind: 'open'; readonly channel: SmbChannel } | Exclude<Outcome<never>, { kind: 'answered' }>
> {
  const reached = await context.line.open(port === 445 ? context.ports.smb : context.ports.session);
  if (reached.kind === 'local-fault') return { kind: 'silent' };
  if (reached.kind !== 'accepted') return reached;
  const channel: SmbChannel = { port, connection: reached.connection };
  if (port === 445) return { kind: 'open', channel };
  const [calledName = '*SMBSERVER'] = context.calledNames;
  reached.connection.write(encodeSessionRequest({ calledName, callingName: CALLING_NAME }));
  try {
    const read = await reached.connection.readFrame(sessionFrameLength, REPLY_TIMEOUT_MS);
    if (read.kind !== 'frame') return read;
    const response = decodeSessionResponse(read.bytes);
    if (response.kind === 'positive') return { kind: 'open', channel };
    return { kind: 'declined', status: response.kind === 'negative' ? response.errorCode : 0 };
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}

/**
 * Sends one SMB message and reads the next one. Keep-alives on 139 do not count; an interim response ("I am working on
 * it") earns the server more time, up to `LONGEST_WORK_MS` in all.
 */
export async function exchange(
  channel: SmbChannel,
  message: Uint8Array,
  options: {
    readonly isInterim?: (message: Uint8Array) => boolean;
    /** Milliseconds; 2 s unless told otherwise. */
    readonly withinMs?: number;
  } = {},
): Promise<Exchange> {
  const { isInterim = () => false, withinMs = REPLY_TIMEOUT_MS } = options;
  const frameLength: FrameLength = channel.port === 445 ? directTcpFrameLength : sessionFrameLength;
  let deadline = performance.now() + withinMs;
  const latest = performance.now() + LONGEST_WORK_MS;
  channel.connection.write(wrapMessage(message));
  try {
    for (;;) {
      const read = await channel.connection.readFrame(frameLength, deadline - performance.now());
      if (read.kind !== 'frame') return read;
      if (isKeepAlive(read.bytes)) continue;
      const reply = unwrapMessage(read.bytes);
      if (!isInterim(reply)) return { kind: 'message', message: reply };
      deadline = Math.min(performance.now() + REPLY_TIMEOUT_MS, latest);
    }
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}

function isKeepAlive(frame: Uint8Array): boolean {
  return frame[0] === 0x85;
}
