import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { type AuthenticateMessage, decodeAuthenticateMessage } from '../../probes/wire/ntlm-authenticate.ts';
import { Reader } from '../../probes/wire/reader.ts';
import { smbProtocol } from '../../probes/wire/smb-message.ts';
import { encodeSmb1Error } from '../../probes/wire/smb1-body.ts';
import {
  decodeSmb1CreateRequest,
  encodeSmb1CloseResponse,
  encodeSmb1CreateResponse,
  type Smb1CreateRequest,
} from '../../probes/wire/smb1-create.ts';
import { readSmb1RequestHeader, SMB_COM, SMB_FLAGS, type Smb1Header } from '../../probes/wire/smb1-header.ts';
import { encodeSmb1ReadResponse } from '../../probes/wire/smb1-read.ts';
import {
  decodeSmb1SessionSetupRequest,
  encodeSmb1LogoffResponse,
  encodeSmb1SessionSetupResponse,
  type Smb1ClassicSessionSetupRequest,
  type Smb1SessionSetupRequest,
} from '../../probes/wire/smb1-session-setup.ts';
import {
  decodeSmb1TransactionRequest,
  encodeSmb1TransactionResponse,
  type Smb1TransactionRequest,
  TRANS_SUBCOMMAND,
} from '../../probes/wire/smb1-transaction.ts';
import {
  decodeSmb1TreeConnectRequest,
  encodeSmb1TreeConnectResponse,
  encodeSmb1TreeDisconnectResponse,
  SMB1_SERVICE,
} from '../../probes/wire/smb1-tree-connect.ts';
import { SMB2_CREATE_ACTION } from '../../probes/wire/smb2-create.ts';
import { SMB2_SHARE_TYPE } from '../../probes/wire/smb2-tree-connect.ts';
import { decodeNegTokenResp } from '../../probes/wire/spnego.ts';
import { challengeToken, type SessionSetupSetup } from './fake-session-setup.ts';
import {
  type AnonymousSetup,
  type Break,
  type FakeShare,
  messagesIn,
  READ_ONLY,
} from './fake-smb-session.ts';
import { FakeSrvsvcPipe } from './fake-srvsvc-pipe.ts';
import type { ConnectionLog } from './fake-tcp-server.ts';

/** How SMB 1 is served behind the negotiate. */
export interface Smb1SessionSetup extends SessionSetupSetup {
  readonly anonymous: AnonymousSetup | null;
  readonly smb1Security: 'extended' | 'classic';
  readonly smb1Rights: boolean;
  readonly smb1Peek: number | 'hangs-up';
}

const UID = 0x0801;
const IPC_TREE = 1;
const FIRST_SHARE_TREE = 2;
const GARBAGE = Uint8Array.from({ length: 96 }, (_, i) => 0x5a ^ i);
const SERVICES: ReadonlyMap<number, string> = new Map([
  [SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_DISK, SMB1_SERVICE.DISK],
  [SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_PRINT, SMB1_SERVICE.PRINTER],
  [SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_PIPE, SMB1_SERVICE.PIPE],
]);

/** What one connection is told over SMB 1 once NT LM 0.12 was selected. */
export class FakeSmb1Session {
  readonly #setup: Smb1SessionSetup;
  readonly #pipe: FakeSrvsvcPipe | null;
  #isBroken = false;

  constructor(setup: Smb1SessionSetup) {
    this.#setup = setup;
    this.#pipe = setup.anonymous === null ? null : new FakeSrvsvcPipe(setup.anonymous);
  }

  /** The answer to one message; null: the server hangs up, empty: it stays silent. */
  reply(message: Uint8Array): Uint8Array | null {
    this.#setup.anonymous?.onRequest();
    const command = commandOf(message);
    const request = readSmb1RequestHeader(new Reader(message, 'request'), command);
    const header = { ...request, flags: request.flags | SMB_FLAGS.SMB_FLAGS_REPLY };
    const breaks = this.#setup.anonymous?.breaks ?? null;
    if (breaks?.at === command && !this.#isBroken) {
      this.#isBroken = true;
      return this.#broken(breaks.with, message, header);
    }
    return this.#setup.smb1Peek === 'hangs-up' && isPeek(message) ? null : this.#answer(message, header);
  }

  #broken(how: Break, message: Uint8Array, header: Smb1Header): Uint8Array | null {
    switch (how) {
      case 'garbage':
        return GARBAGE;
      case 'silence':
        return new Uint8Array();
      case 'hanging up':
        return null;
      case 'an answer to another request':
        return this.#answer(message, { ...header, mid: header.mid ^ 7 });
    }
  }

  #answer(message: Uint8Array, header: Smb1Header): Uint8Array {
    const command = commandOf(message);
    const { anonymous } = this.#setup;
    if (command === SMB_COM.SMB_COM_SESSION_SETUP_ANDX) return this.#setUp(message, header);
    if (anonymous === null) return refusal(header, command, NT_STATUS.STATUS_ACCESS_DENIED);
    switch (command) {
      case SMB_COM.SMB_COM_TREE_CONNECT_ANDX:
        return this.#connect(message, header, anonymous);
      case SMB_COM.SMB_COM_NT_CREATE_ANDX:
        return this.#open(header, anonymous);
      case SMB_COM.SMB_COM_TRANSACTION:
        return this.#transact(decodeSmb1TransactionRequest(message), header, anonymous);
      case SMB_COM.SMB_COM_READ_ANDX:
        return encodeSmb1ReadResponse({ kind: 'smb1-read-response', ...this.#fromPipe(header) });
      case SMB_COM.SMB_COM_CLOSE:
        return encodeSmb1CloseResponse({ kind: 'smb1-close-response', header });
      case SMB_COM.SMB_COM_TREE_DISCONNECT:
        return encodeSmb1TreeDisconnectResponse({ kind: 'smb1-tree-disconnect-response', header });
      case SMB_COM.SMB_COM_LOGOFF_ANDX:
        return encodeSmb1LogoffResponse({ kind: 'smb1-logoff-response', header });
      default:
        return refusal(header, command, NT_STATUS.STATUS_NOT_SUPPORTED);
    }
  }

  #setUp(message: Uint8Array, request: Smb1Header): Uint8Array {
    const setup = decodeSmb1SessionSetupRequest(message);
    const header = { ...request, uid: UID };
    const { smb1Security, sessionSetup, anonymous } = this.#setup;
    const answer = (status: number, securityBlob: Uint8Array | null) =>
      encodeSmb1SessionSetupResponse({
        kind: 'smb1-session-setup-response',
        header: { ...header, status },
        action: 0,
        securityBlob,
      });
    const refused = (status: number) => refusal(header, SMB_COM.SMB_COM_SESSION_SETUP_ANDX, status);
    const isFirst = setup.kind === 'smb1-session-setup-request' && request.uid === 0;
    if (isFirst && typeof sessionSetup === 'number') return refused(sessionSetup);
    if (isFirst) {
      const token = sessionSetup === 'without-token' ? new Uint8Array() : challengeToken(this.#setup);
      return answer(NT_STATUS.STATUS_MORE_PROCESSING_REQUIRED, token);
    }
    const logon = anonymous?.logon ?? NT_STATUS.STATUS_ACCESS_DENIED;
    if (typeof logon === 'number') return refused(logon);
    return answer(NT_STATUS.STATUS_SUCCESS, smb1Security === 'extended' ? new Uint8Array() : null);
  }

  #connect(message: Uint8Array, header: Smb1Header, { shares, ipc, missing }: AnonymousSetup): Uint8Array {
    const { path } = decodeSmb1TreeConnectRequest(message);
    const name = path.slice(path.lastIndexOf('\\') + 1);
    const isIpc = name === 'IPC$';
    const index = shares.findIndex((share) => share.name === name);
    const share: Partial<FakeShare> = isIpc ? { connects: ipc } : (shares[index] ?? { connects: missing });
    const { connects = 0, maximalAccess = READ_ONLY } = share;
    if (connects !== 0) return refusal(header, commandOf(message), connects);
    const shareType = share.shareType ?? SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_DISK;
    return encodeSmb1TreeConnectResponse({
      kind: 'smb1-tree-connect-response',
      header: { ...header, tid: isIpc ? IPC_TREE : FIRST_SHARE_TREE + index },
      service: isIpc ? SMB1_SERVICE.PIPE : (SERVICES.get(shareType) ?? SMB1_SERVICE.DEVICE),
      maximalShareAccessRights: this.#setup.smb1Rights ? maximalAccess : null,
    });
  }

  #open(header: Smb1Header, { shares, pipe }: AnonymousSetup): Uint8Array {
    const { tid } = header;
    const status = tid === IPC_TREE ? pipe : (shares[tid - FIRST_SHARE_TREE]?.opens ?? 0);
    if (status !== 0) return refusal(header, SMB_COM.SMB_COM_NT_CREATE_ANDX, status);
    return encodeSmb1CreateResponse({
      kind: 'smb1-create-response',
      header,
      opLockLevel: 0,
      fid: 0x4000 + tid,
      createDisposition: SMB2_CREATE_ACTION.FILE_OPENED,
    });
  }

  #transact(request: Smb1TransactionRequest, header: Smb1Header, { transceive }: AnonymousSetup): Uint8Array {
    const looks = request.subcommand === TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE;
    const status = looks ? Number(this.#setup.smb1Peek) : transceive;
    if (status !== 0) return refusal(header, SMB_COM.SMB_COM_TRANSACTION, status);
    if (!looks) this.#pipe?.write(request.data);
    const answer = this.#fromPipe(header);
    const totalDataCount = answer.data.length;
    return encodeSmb1TransactionResponse({ kind: 'smb1-transaction-response', totalDataCount, ...answer });
  }

  #fromPipe(header: Smb1Header): { readonly header: Smb1Header; readonly data: Uint8Array } {
    const { data, isMore } = this.#pipe?.read() ?? { data: new Uint8Array(), isMore: false };
    const status = isMore ? NT_STATUS.STATUS_BUFFER_OVERFLOW : NT_STATUS.STATUS_SUCCESS;
    return { header: { ...header, status }, data };
  }
}

function refusal(header: Smb1Header, command: number, status: number): Uint8Array {
  return encodeSmb1Error({ header: { ...header, status } }, command);
}

function isPeek(message: Uint8Array): boolean {
  if (commandOf(message) !== SMB_COM.SMB_COM_TRANSACTION) return false;
  return decodeSmb1TransactionRequest(message).subcommand === TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE;
}

function commandOf(message: Uint8Array): number {
  return message[4] ?? 0;
}

function smb1MessagesIn(log: ConnectionLog, command?: number): Uint8Array[] {
  return messagesIn(log)
    .filter((message) => smbProtocol(message) === 'smb1')
    .filter((message) => command === undefined || commandOf(message) === command);
}

/** The commands of SMB 1 that came after the negotiate, in order. */
export function smb1CommandsIn(log: ConnectionLog): number[] {
  return smb1MessagesIn(log)
    .map(commandOf)
    .filter((command) => command !== SMB_COM.SMB_COM_NEGOTIATE);
}

/** The last parts of the paths that were connected to over SMB 1, in order. */
export function smb1SharesConnectedTo(log: ConnectionLog): string[] {
  return smb1MessagesIn(log, SMB_COM.SMB_COM_TREE_CONNECT_ANDX).map(
    (message) => decodeSmb1TreeConnectRequest(message).path.split('\\').at(-1) ?? '',
  );
}

/** What was asked to be opened over SMB 1, in order. */
export function smb1OpensIn(log: ConnectionLog): Smb1CreateRequest[] {
  return smb1MessagesIn(log, SMB_COM.SMB_COM_NT_CREATE_ANDX).map(decodeSmb1CreateRequest);
}

/** The messages to pipes, in order. */
export function smb1TransactionsIn(log: ConnectionLog): Smb1TransactionRequest[] {
  return smb1MessagesIn(log, SMB_COM.SMB_COM_TRANSACTION).map(decodeSmb1TransactionRequest);
}

export function smb1SetupsIn(
  log: ConnectionLog,
): (Smb1SessionSetupRequest | Smb1ClassicSessionSetupRequest)[] {
  return smb1MessagesIn(log, SMB_COM.SMB_COM_SESSION_SETUP_ANDX).map(decodeSmb1SessionSetupRequest);
}

/** Attempts to log on over SMB 1: the NTLM AUTHENTICATE_MESSAGEs, and session setups without one. */
export function smb1LogonsIn(log: ConnectionLog): (AuthenticateMessage | Smb1ClassicSessionSetupRequest)[] {
  return smb1SetupsIn(log)
    .filter((setup) => setup.kind !== 'smb1-session-setup-request' || setup.header.uid !== 0)
    .map((setup) =>
      setup.kind === 'smb1-session-setup-request'
        ? decodeAuthenticateMessage(decodeNegTokenResp(setup.securityBlob).responseToken ?? new Uint8Array())
        : setup,
    );
}
