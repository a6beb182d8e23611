import {
  CONTEXT_RESULT,
  decodeBind,
  encodeBindResponse,
  NDR,
  PFC_FLAG,
  PTYPE,
} from '../../probes/wire/dcerpc-bind.ts';
import { decodeRequest, encodeResponse } from '../../probes/wire/dcerpc-request.ts';
import {
  decodeNetrShareEnumRequest,
  encodeNetrShareEnumResponse,
  SHARE_ENUM_RETURN,
  SHARE_TYPE,
} from '../../probes/wire/srvsvc.ts';
import type { AnonymousSetup } from './fake-smb-session.ts';

/** The pipe srvsvc of a fake server, over whichever generation of SMB it is reached. */
export class FakeSrvsvcPipe {
  readonly #setup: AnonymousSetup;
  /** Bytes that wait to be read. */
  #waiting = new Uint8Array();

  constructor(setup: AnonymousSetup) {
    this.#setup = setup;
  }

  write(pdu: Uint8Array): void {
    this.#waiting = pdu[2] === PTYPE.bind ? this.#bound(pdu) : this.#listed(pdu);
  }

  /** The next bytes, as many as the setup reads at once, and whether more wait behind them. */
  read(): { readonly data: Uint8Array; readonly isMore: boolean } {
    const data = this.#waiting.slice(0, this.#setup.readBytes);
    this.#waiting = this.#waiting.slice(data.length);
    return { data, isMore: this.#waiting.length > 0 };
  }

  #bound(input: Uint8Array): Uint8Array<ArrayBuffer> {
    const { callId } = decodeBind(input);
    const { bind } = this.#setup;
    if (bind === 'refused')
      return Uint8Array.from(encodeBindResponse({ kind: 'bind-nak', callId, rejectReason: 0 }));
    const result = bind === 'acknowledged' ? CONTEXT_RESULT.acceptance : CONTEXT_RESULT.provider_rejection;
    return Uint8Array.from(
      encodeBindResponse({
        kind: 'bind-ack',
        callId,
        maxTransmitFragment: 4_280,
        maxReceiveFragment: 4_280,
        associationGroup: 1,
        secondaryAddress: '\\PIPE\\srvsvc',
        results: [{ result, reason: 0, transferSyntax: NDR }],
      }),
    );
  }

  #listed(input: Uint8Array): Uint8Array<ArrayBuffer> {
    const { callId: asked, stub: question } = decodeRequest(input);
    decodeNetrShareEnumRequest(question);
    const { list, fragmentBytes } = this.#setup;
    const callId = list === 'of-another-call' ? asked ^ 1 : asked;
    if (list === 'fault') return Uint8Array.from(encodeResponse({ kind: 'fault', callId, status: 5 }));
    const stub = this.#list(typeof list === 'number' ? list : SHARE_ENUM_RETURN.NERR_Success);
    const pdus: number[] = [];
    for (let start = 0; start < stub.length; start += fragmentBytes) {
      const first = start === 0 ? PFC_FLAG.PFC_FIRST_FRAG : 0;
      const last = start + fragmentBytes >= stub.length ? PFC_FLAG.PFC_LAST_FRAG : 0;
      const part = stub.slice(start, start + fragmentBytes);
      const flags = first | last;
      pdus.push(...encodeResponse({ kind: 'response', callId, flags, stub: part }));
    }
    return Uint8Array.from(pdus);
  }

  #list(returnCode: number): Uint8Array {
    const told = returnCode === SHARE_ENUM_RETURN.NERR_Success ? this.#setup.shares : [];
    const shares = told.map(({ name, type = SHARE_TYPE.STYPE_DISKTREE, comment = '' }) => ({
      name,
      type,
      comment,
    }));
    return encodeNetrShareEnumResponse({
      kind: 'net-share-enum-response',
      returnCode,
      totalEntries: shares.length,
      shares,
    });
  }
}
