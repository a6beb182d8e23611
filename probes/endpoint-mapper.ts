import type { EndpointMapperObservation } from '../domain/observation.ts';
import { type Outcome, type Probe, type ProbeContext, REPLY_TIMEOUT_MS } from './probe.ts';
import { CONTEXT_RESULT, decodeBindResponse, encodeBind, pduLength } from './wire/dcerpc-bind.ts';
import { DecodeError } from './wire/reader.ts';

/*
 * Is what listens on TCP 135 an RPC endpoint mapper?
 *
 * 1. One DCE/RPC bind to the endpoint mapper interface, on the connection that is open already.
 * 2. An acknowledgement that accepts this interface proves it (Samba acknowledges any, and says inside that it has no
 *    such interface); anything else leaves an open port of which nothing is proven.
 * It stops there: no endpoint is looked up. C706 §12.6, [MS-RPCE] 2.2.1.
 */

export const endpointMapper: Probe<EndpointMapperObservation> = {
  name: 'endpoint-mapper',
  asks: 'Are you an RPC endpoint mapper?',
  level: 'L1',
  transport: 'tcp',
  port: 'endpointMapper',
  bytesAtMost: 72,
  run: bind,
};

async function bind(context: ProbeContext): Promise<Outcome<EndpointMapperObservation>> {
  const { connection, random } = context;
  if (connection === null) return { kind: 'silent' };
  const [a = 0, b = 0] = random(2);
  const callId = a * 256 + b;
  connection.write(encodeBind({ callId }));
  try {
    const read = await connection.readFrame(pduLength, REPLY_TIMEOUT_MS);
    if (read.kind !== 'frame') return read;
    const response = decodeBindResponse(read.bytes);
    if (response.callId !== callId) return { kind: 'malformed', why: 'reply to another call' };
    const bindAcknowledged =
      response.kind === 'bind-ack' && response.results[0]?.result === CONTEXT_RESULT.acceptance;
    const seen = { kind: 'endpoint-mapper', bindAcknowledged } as const;
    return { kind: 'answered', seen, connection: null };
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}
