import type { Answer } from '../domain/facts.ts';
import type { Refused } from './conversation.ts';
import { type ConnectedShare, type OpenPipe, PIPE_ACCESS } from './share-session.ts';
import {
  DIRECTORY_ACCESS_MASK,
  decodeSmb2CloseResponse,
  decodeSmb2CreateResponse,
  encodeSmb2CloseRequest,
  encodeSmb2CreateRequest,
  FILE_PIPE_PRINTER_ACCESS_MASK,
  SMB2_CREATE_OPTION,
  SMB2_SHARE_ACCESS,
  type Smb2Create,
} from './wire/smb2-create.ts';
import type { Smb2Error, Smb2Header, Smb2TreeRequest } from './wire/smb2-header.ts';
import { decodeSmb2IoctlResponse, encodeSmb2PipeTransceiveRequest } from './wire/smb2-ioctl.ts';
import { decodeSmb2ReadResponse, encodeSmb2PipeReadRequest } from './wire/smb2-read.ts';
import {
  decodeSmb2TreeConnectResponse,
  decodeSmb2TreeDisconnectResponse,
  encodeSmb2TreeConnectRequest,
  encodeSmb2TreeDisconnectRequest,
  SMB2_SHARE_TYPE,
  SMB2_SHAREFLAG,
  type Smb2TreeConnectResponse,
} from './wire/smb2-tree-connect.ts';

/** Sends one request of a session and resolves with its response or refusal. @throws ConversationEnded */
export type AskSmb2 = <Response extends { readonly header: Smb2Header }>(
  encode: (ids: Pick<Smb2TreeRequest, 'messageId' | 'sessionId'>) => Uint8Array,
  decode: (message: Uint8Array) => Response | Smb2Error,
  withinMs?: number,
) => Promise<Response | Smb2Error>;

const { FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE } = SMB2_SHARE_ACCESS;
const PIPE = {
  desiredAccess: PIPE_ACCESS,
  shareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE,
  createOptions: 0,
};
const ROOT = {
  name: '',
  desiredAccess:
    DIRECTORY_ACCESS_MASK.FILE_LIST_DIRECTORY | FILE_PIPE_PRINTER_ACCESS_MASK.FILE_READ_ATTRIBUTES,
  shareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
  createOptions: SMB2_CREATE_OPTION.FILE_DIRECTORY_FILE,
};

/** A Samba that has not served a pipe lately starts a helper for it first, without an interim response: 3 s were seen. */
const HELPER_START_MS = 6_000;

/** Connects to one share of a session. @throws ConversationEnded */
export async function connectSmb2Share(ask: AskSmb2, path: string): Promise<Smb2Share | Refused> {
  const tree = await ask(
    (ids) => encodeSmb2TreeConnectRequest({ ...ids, path }),
    decodeSmb2TreeConnectResponse,
  );
  return tree.kind === 'smb2-error' ? refusedBy(tree) : new Smb2Share(ask, tree);
}

/** A share that an SMB 2/3 session is connected to. [MS-SMB2] 2.2.9 to 2.2.16, 2.2.31. */
export class Smb2Share implements ConnectedShare {
  readonly kind = 'connected';
  readonly isPlainDisk: boolean;
  readonly mayWrite: Answer;
  readonly #ask: AskSmb2;
  readonly #treeId: number;

  constructor(ask: AskSmb2, { header, shareType, shareFlags, maximalAccess }: Smb2TreeConnectResponse) {
    const encrypted = (shareFlags & SMB2_SHAREFLAG.SMB2_SHAREFLAG_ENCRYPT_DATA) !== 0;
    this.isPlainDisk = shareType === SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_DISK && !encrypted;
    this.mayWrite = (maximalAccess & FILE_PIPE_PRINTER_ACCESS_MASK.FILE_WRITE_DATA) !== 0 ? 'yes' : 'no';
    this.#ask = ask;
    this.#treeId = header.treeId;
  }

  async openRoot(): Promise<number> {
    const opened = await this.#open(ROOT);
    if (opened.kind === 'smb2-error') return opened.header.status;
    await this.#close(opened.fileId);
    return 0;
  }

  async openPipe(name: string): Promise<OpenPipe | Refused> {
    const opened = await this.#open({ ...PIPE, name }, HELPER_START_MS);
    if (opened.kind === 'smb2-error') return refusedBy(opened);
    const { fileId } = opened;
    return {
      kind: 'open',
      transact: (data) => this.#transact(fileId, data),
      read: (length) => this.#read(fileId, length),
      close: () => this.#close(fileId),
    };
  }

  async disconnect(): Promise<void> {
    const treeId = this.#treeId;
    await this.#ask(
      (ids) => encodeSmb2TreeDisconnectRequest({ ...ids, treeId }),
      decodeSmb2TreeDisconnectResponse,
    );
  }

  #open(what: Omit<Smb2Create, keyof Smb2TreeRequest>, withinMs?: number) {
    const treeId = this.#treeId;
    return this.#ask(
      (ids) => encodeSmb2CreateRequest({ ...ids, treeId, ...what }),
      decodeSmb2CreateResponse,
      withinMs,
    );
  }

  async #close(fileId: Uint8Array): Promise<void> {
    const treeId = this.#treeId;
    await this.#ask((ids) => encodeSmb2CloseRequest({ ...ids, treeId, fileId }), decodeSmb2CloseResponse);
  }

  async #transact(fileId: Uint8Array, data: Uint8Array): Promise<Uint8Array | null> {
    const treeId = this.#treeId;
    const answer = await this.#ask(
      (ids) => encodeSmb2PipeTransceiveRequest({ ...ids, treeId, fileId, data }),
      decodeSmb2IoctlResponse,
    );
    return answer.kind === 'smb2-error' ? null : answer.output;
  }

  async #read(fileId: Uint8Array, length: number): Promise<Uint8Array | null> {
    const treeId = this.#treeId;
    const answer = await this.#ask(
      (ids) => encodeSmb2PipeReadRequest({ ...ids, treeId, fileId, length }),
      decodeSmb2ReadResponse,
    );
    return answer.kind === 'smb2-error' ? null : answer.data;
  }
}

function refusedBy({ header }: Smb2Error): Refused {
  return { kind: 'refused', status: header.status };
}
