import type { Answer } from '../domain/facts.ts';
import { ConversationEnded, type Refused } from './conversation.ts';
import { type ConnectedShare, type OpenPipe, PIPE_ACCESS } from './share-session.ts';
import {
  decodeSmb1CloseResponse,
  decodeSmb1CreateResponse,
  encodeSmb1CloseRequest,
  encodeSmb1CreateRequest,
  type Smb1Create,
} from './wire/smb1-create.ts';
import type { Smb1Error, Smb1Header, Smb1SessionRequest, Smb1TreeRequest } from './wire/smb1-header.ts';
import { decodeSmb1ReadResponse, encodeSmb1PipeReadRequest } from './wire/smb1-read.ts';
import {
  decodeSmb1TransactionResponse,
  encodeSmb1PipePeekRequest,
  encodeSmb1PipeTransactRequest,
} from './wire/smb1-transaction.ts';
import {
  decodeSmb1TreeConnectResponse,
  decodeSmb1TreeDisconnectResponse,
  encodeSmb1TreeConnectRequest,
  encodeSmb1TreeDisconnectRequest,
  SMB1_SERVICE,
  type Smb1TreeConnectResponse,
} from './wire/smb1-tree-connect.ts';
import {
  DIRECTORY_ACCESS_MASK,
  FILE_PIPE_PRINTER_ACCESS_MASK,
  SMB2_CREATE_OPTION,
  SMB2_SHARE_ACCESS,
} from './wire/smb2-create.ts';

/** Sends one request of a session and resolves with its response or refusal. @throws ConversationEnded */
export type AskSmb1 = <Response extends { readonly header: Smb1Header }>(
  encode: (ids: Smb1SessionRequest) => Uint8Array,
  decode: (message: Uint8Array) => Response | Smb1Error,
) => Promise<Response | Smb1Error>;

const { FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE } = SMB2_SHARE_ACCESS;
const PIPE = {
  desiredAccess: PIPE_ACCESS,
  shareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE,
  createOptions: 0,
};
const ROOT = {
  name: '\\',
  desiredAccess:
    DIRECTORY_ACCESS_MASK.FILE_LIST_DIRECTORY | FILE_PIPE_PRINTER_ACCESS_MASK.FILE_READ_ATTRIBUTES,
  shareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
  createOptions: SMB2_CREATE_OPTION.FILE_DIRECTORY_FILE,
};
/** One fragment of DCE/RPC; small enough that no server cuts the answer. */
const MAX_DATA_COUNT = 4_280;

/** Connects to one share of a session. @throws ConversationEnded */
export async function connectSmb1Share(ask: AskSmb1, path: string): Promise<Smb1Share | Refused> {
  const tree = await ask(
    (ids) => encodeSmb1TreeConnectRequest({ ...ids, path }),
    decodeSmb1TreeConnectResponse,
  );
  return tree.kind === 'smb1-error' ? refusedBy(tree) : new Smb1Share(ask, tree);
}

/** A share that an SMB 1 session is connected to. [MS-CIFS] 2.2.4.33, 2.2.4.42, 2.2.4.55, 2.2.4.64. */
export class Smb1Share implements ConnectedShare {
  readonly kind = 'connected';
  readonly isPlainDisk: boolean;
  readonly mayWrite: Answer;
  readonly #ask: AskSmb1;
  readonly #tid: number;

  constructor(ask: AskSmb1, { header, service, maximalShareAccessRights }: Smb1TreeConnectResponse) {
    this.isPlainDisk = service === SMB1_SERVICE.DISK;
    this.mayWrite = writingIn(maximalShareAccessRights);
    this.#ask = ask;
    this.#tid = header.tid;
  }

  async openRoot(): Promise<number> {
    const opened = await this.#open(ROOT);
    if (opened.kind === 'smb1-error') return opened.header.status;
    await this.#close(opened.fid);
    return 0;
  }

  async openPipe(name: string): Promise<OpenPipe | Refused> {
    const opened = await this.#open({ ...PIPE, name: `\\${name}` });
    if (opened.kind === 'smb1-error') return refusedBy(opened);
    const { fid } = opened;
    return {
      kind: 'open',
      transact: (data) => this.#transact(fid, data),
      read: (length) => this.#read(fid, length),
      close: () => this.#close(fid),
    };
  }

  /** What the server says to a look into the pipe with this number, open or not: 0, or the status of the refusal. */
  async peek(fid: number): Promise<number> {
    const tid = this.#tid;
    const answer = await this.#ask(
      (ids) => encodeSmb1PipePeekRequest({ ...ids, tid, fid }),
      decodeSmb1TransactionResponse,
    );
    return answer.header.status;
  }

  async disconnect(): Promise<void> {
    const tid = this.#tid;
    await this.#ask(
      (ids) => encodeSmb1TreeDisconnectRequest({ ...ids, tid }),
      decodeSmb1TreeDisconnectResponse,
    );
  }

  #open(what: Omit<Smb1Create, keyof Smb1TreeRequest>) {
    const tid = this.#tid;
    return this.#ask((ids) => encodeSmb1CreateRequest({ ...ids, tid, ...what }), decodeSmb1CreateResponse);
  }

  async #close(fid: number): Promise<void> {
    const tid = this.#tid;
    await this.#ask((ids) => encodeSmb1CloseRequest({ ...ids, tid, fid }), decodeSmb1CloseResponse);
  }

  async #transact(fid: number, data: Uint8Array): Promise<Uint8Array | null> {
    const tid = this.#tid;
    const answer = await this.#ask(
      (ids) => encodeSmb1PipeTransactRequest({ ...ids, tid, fid, data, maxDataCount: MAX_DATA_COUNT }),
      decodeSmb1TransactionResponse,
    );
    if (answer.kind === 'smb1-error') return null;
    if (answer.data.length === answer.totalDataCount) return answer.data;
    throw new ConversationEnded({ kind: 'malformed', why: 'answer to a transaction in several messages' });
  }

  async #read(fid: number, length: number): Promise<Uint8Array | null> {
    const tid = this.#tid;
    const answer = await this.#ask(
      (ids) => encodeSmb1PipeReadRequest({ ...ids, tid, fid, maxCount: length }),
      decodeSmb1ReadResponse,
    );
    return answer.kind === 'smb1-error' ? null : answer.data;
  }
}

/** Older servers do not tell the rights. */
function writingIn(rights: number | null): Answer {
  if (rights === null) return 'unknown';
  return (rights & FILE_PIPE_PRINTER_ACCESS_MASK.FILE_WRITE_DATA) !== 0 ? 'yes' : 'no';
}

function refusedBy({ header }: Smb1Error): Refused {
  return { kind: 'refused', status: header.status };
}
