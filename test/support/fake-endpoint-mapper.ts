import {
  CONTEXT_RESULT,
  decodeBind,
  encodeBindResponse,
  NDR,
  pduLength,
} from '../../probes/wire/dcerpc-bind.ts';
import { type ConnectionLog, type FakeTcpServer, startFakeTcpServer } from './fake-tcp-server.ts';

/**
 * How the endpoint mapper answers a bind. `other-call` acknowledges a call that was never made; `silent`, `hangs-up`
 * and `garbage` are what else may listen there.
 */
export type MapperManner =
  | 'acknowledges'
  | 'refuses'
  | 'faults'
  | 'other-call'
  | 'silent'
  | 'hangs-up'
  | 'garbage';

const ACCESS_DENIED = 5;
const REASON_NOT_SPECIFIED = 0;

/** An RPC endpoint mapper, TCP on loopback. `port` 0: any. */
export function startFakeEndpointMapper(
  options: {
    readonly address?: string;
    readonly port?: number;
    readonly log?: ConnectionLog;
    readonly manner?: MapperManner;
  } = {},
): Promise<FakeTcpServer> {
  const { manner = 'acknowledges' } = options;
  return startFakeTcpServer((socket) => {
    let stream = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      if (manner === 'silent') return;
      if (manner === 'hangs-up') return void socket.end();
      if (manner === 'garbage') return void socket.write('220 not what you are looking for\r\n');
      stream = Buffer.concat([stream, Buffer.from(chunk)]);
      const length = pduLength(stream);
      if (length === null || stream.length < length) return;
      socket.write(responseTo(stream.subarray(0, length), manner));
    });
  }, options);
}

function responseTo(pdu: Uint8Array, manner: MapperManner): Uint8Array {
  const { callId } = decodeBind(pdu);
  if (manner === 'refuses')
    return encodeBindResponse({ kind: 'bind-nak', callId, rejectReason: REASON_NOT_SPECIFIED });
  if (manner === 'faults') return encodeBindResponse({ kind: 'fault', callId, status: ACCESS_DENIED });
  return encodeBindResponse({
    kind: 'bind-ack',
    callId: manner === 'other-call' ? callId + 1 : callId,
    maxTransmitFragment: 4280,
    maxReceiveFragment: 4280,
    associationGroup: 0x53f0,
    secondaryAddress: '135',
    results: [{ result: CONTEXT_RESULT.acceptance, reason: 0, transferSyntax: NDR }],
  });
}
