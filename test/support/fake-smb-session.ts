import { unwrapMessage } from '../../probes/wire/nbss.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import {
  type AuthenticateMessage,
  decodeAuthenticateMessage,
  isAnonymous,
} from '../../probes/wire/ntlm-authenticate.ts';
import { Reader } from '../../probes/wire/reader.ts';
import {
  decodeSmb2CreateRequest,
  encodeSmb2CloseResponse,
  encodeSmb2CreateResponse,
  FILE_PIPE_PRINTER_ACCESS_MASK,
  SMB2_CREATE_ACTION,
  type Smb2CreateRequest,
} from '../../probes/wire/smb2-create.ts';
import {
  readSmb2RequestHeader,
  SMB2_COMMAND,
  SMB2_FILE_ID_LENGTH,
  SMB2_FLAGS,
  type Smb2Header,
} from '../../probes/wire/smb2-header.ts';
import { decodeSmb2IoctlRequest, encodeSmb2IoctlResponse, FSCTL_CODE } from '../../probes/wire/smb2-ioctl.ts';
import { encodeSmb2Error } from '../../probes/wire/smb2-negotiate.ts';
import { encodeSmb2ReadResponse } from '../../probes/wire/smb2-read.ts';
import {
  decodeSmb2SessionSetupRequest,
  encodeSmb2SessionSetupResponse,
  SMB2_SESSION_FLAG,
  type Smb2SessionSetupRequest,
} from '../../probes/wire/smb2-session-setup.ts';
import {
  decodeSmb2TreeConnectRequest,
  encodeSmb2LogoffResponse,
  encodeSmb2TreeConnectResponse,
  encodeSmb2TreeDisconnectResponse,
  SMB2_SHARE_TYPE,
} from '../../probes/wire/smb2-tree-connect.ts';
import { decodeNegTokenResp } from '../../probes/wire/spnego.ts';
import { SHARE_ENUM_RETURN } from '../../probes/wire/srvsvc.ts';
import { FakeSrvsvcPipe } from './fake-srvsvc-pipe.ts';
import type { ConnectionLog } from './fake-tcp-server.ts';

/** A share, and what connecting to it and opening its root meet. */
export interface FakeShare {
  readonly name: string;
  /** `SHARE_TYPE` in the list; a disk by default. */
  readonly type?: number;
  readonly comment?: string;
  /** Status of a TREE_CONNECT, and of a CREATE of the root; 0 by default. */
  readonly connects?: number;
  readonly opens?: number;
  /** What TREE_CONNECT says: a disk that may be read by default. */
  readonly shareType?: number;
  readonly shareFlags?: number;
  readonly maximalAccess?: number;
}

/** What happens at the first request for a command, in place of an answer. */
export type Break = 'garbage' | 'silence' | 'hanging up' | 'an answer to another request';

/** How a session without a password is served. */
export interface AnonymousSetup {
  /** A number: the status with which the attempt to log on is refused. */
  readonly logon: 'accepted' | 'encrypted' | number;
  /** The status with which an anonymous one is refused, where others are not. */
  readonly logonOfNobody: number | null;
  /** `SMB2_SESSION_FLAG` of the session; null session by default. */
  readonly sessionFlags: number;
  /** How long the answer to an attempt to log on is held back. */
  readonly logonDelayMs: number;
  readonly shares: readonly FakeShare[];
  /** Status of a TREE_CONNECT to IPC$, of a CREATE of the pipe, and of an IOCTL on it. */
  readonly ipc: number;
  readonly pipe: number;
  readonly transceive: number;
  readonly bind: 'acknowledged' | 'rejected' | 'refused';
  /** A number: `SHARE_ENUM_RETURN`. */
  readonly list: 'fault' | 'of-another-call' | number;
  /** Bytes of the list in each PDU, and bytes of PDUs in each answer to IOCTL or READ. */
  readonly fragmentBytes: number;
  readonly readBytes: number;
  /** Status of a TREE_CONNECT to a share that does not exist. */
  readonly missing: number;
  /** Says first that each answer will come later. */
  readonly postpones: boolean;
  readonly breaks: { readonly at: number; readonly with: Break } | null;
  /** Called before each answer. */
  readonly onRequest: () => void;
}

const { FILE_READ_DATA, FILE_WRITE_DATA } = FILE_PIPE_PRINTER_ACCESS_MASK;
export const READ_ONLY = FILE_READ_DATA;
export const READ_WRITE = FILE_READ_DATA | FILE_WRITE_DATA;

/** A server that lets everybody in and tells of these shares. */
export function givingAway(
  shares: readonly FakeShare[],
  overrides: Partial<AnonymousSetup> = {},
): AnonymousSetup {
  return {
    logon: 'accepted',
    logonOfNobody: null,
    sessionFlags: SMB2_SESSION_FLAG.SMB2_SESSION_FLAG_IS_NULL,
    logonDelayMs: 0,
    shares,
    ipc: 0,
    pipe: 0,
    transceive: 0,
    bind: 'acknowledged',
    list: SHARE_ENUM_RETURN.NERR_Success,
    fragmentBytes: 4_096,
    readBytes: Number.POSITIVE_INFINITY,
    missing: NT_STATUS.STATUS_BAD_NETWORK_NAME,
    postpones: false,
    breaks: null,
    onRequest: () => {},
    ...overrides,
  };
}

const IPC_TREE = 1;
const FIRST_SHARE_TREE = 2;
const ANY_ASYNC_ID = 0x51;
const GARBAGE = Uint8Array.from({ length: 96 }, (_, i) => 0x5a ^ i);

/** What one connection is told once it has been challenged. */
export class FakeSmbSession {
  readonly #setup: AnonymousSetup;
  readonly #pipe: FakeSrvsvcPipe;
  #isBroken = false;

  constructor(setup: AnonymousSetup) {
    this.#setup = setup;
    this.#pipe = new FakeSrvsvcPipe(setup);
  }

  /** Messages that answer one request; null: the server hangs up, empty: it stays silent. */
  replies(message: Uint8Array): Uint8Array[] | null {
    this.#setup.onRequest();
    const command = commandOf(message);
    const request = readSmb2RequestHeader(new Reader(message, 'request'), command);
    const header = { ...request, status: 0, flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR };
    const { breaks, postpones } = this.#setup;
    if (breaks?.at === command && !this.#isBroken) {
      this.#isBroken = true;
      return this.#broken(breaks.with, message, header);
    }
    const reply = this.#reply(message, header);
    return postpones ? [interimOf(header), reply] : [reply];
  }

  #broken(how: Break, message: Uint8Array, header: Smb2Header): Uint8Array[] | null {
    switch (how) {
      case 'garbage':
        return [GARBAGE];
      case 'silence':
        return [];
      case 'hanging up':
        return null;
      case 'an answer to another request':
        return [this.#reply(message, { ...header, messageId: header.messageId + 7n })];
    }
  }

  #reply(message: Uint8Array, header: Smb2Header): Uint8Array {
    switch (header.command) {
      case SMB2_COMMAND.SMB2_SESSION_SETUP:
        return this.#logOn(message, header);
      case SMB2_COMMAND.SMB2_TREE_CONNECT:
        return this.#connect(decodeSmb2TreeConnectRequest(message).path, header);
      case SMB2_COMMAND.SMB2_CREATE:
        return this.#open(header);
      case SMB2_COMMAND.SMB2_IOCTL:
        return this.#transceive(message, header);
      case SMB2_COMMAND.SMB2_READ:
        return encodeSmb2ReadResponse({ kind: 'smb2-read-response', ...this.#fromPipe(header) });
      case SMB2_COMMAND.SMB2_CLOSE:
        return encodeSmb2CloseResponse({ kind: 'smb2-close-response', header });
      case SMB2_COMMAND.SMB2_TREE_DISCONNECT:
        return encodeSmb2TreeDisconnectResponse({ kind: 'smb2-tree-disconnect-response', header });
      case SMB2_COMMAND.SMB2_LOGOFF:
        return encodeSmb2LogoffResponse({ kind: 'smb2-logoff-response', header });
      default:
        return refusal(header, NT_STATUS.STATUS_NOT_SUPPORTED);
    }
  }

  #logOn(message: Uint8Array, header: Smb2Header): Uint8Array {
    const { logon, logonOfNobody, sessionFlags } = this.#setup;
    if (logonOfNobody !== null && isAnonymous(logonIn(decodeSmb2SessionSetupRequest(message))))
      return refusal(header, logonOfNobody);
    if (typeof logon === 'number') return refusal(header, logon);
    const encrypted = logon === 'encrypted' ? SMB2_SESSION_FLAG.SMB2_SESSION_FLAG_ENCRYPT_DATA : 0;
    return encodeSmb2SessionSetupResponse({
      kind: 'smb2-session-setup-response',
      header,
      sessionFlags: sessionFlags | encrypted,
      securityBuffer: new Uint8Array(),
    });
  }

  #connect(path: string, header: Smb2Header): Uint8Array {
    const name = path.slice(path.lastIndexOf('\\') + 1);
    const { shares, ipc, missing } = this.#setup;
    if (name === 'IPC$') {
      if (ipc !== 0) return refusal(header, ipc);
      return connected({ ...header, treeId: IPC_TREE }, { shareType: SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_PIPE });
    }
    const index = shares.findIndex((share) => share.name === name);
    const share = shares[index] ?? { connects: missing };
    if (share.connects !== undefined && share.connects !== 0) return refusal(header, share.connects);
    return connected({ ...header, treeId: FIRST_SHARE_TREE + index }, share);
  }

  #open(header: Smb2Header): Uint8Array {
    const { shares, pipe } = this.#setup;
    const { treeId } = header;
    const status = treeId === IPC_TREE ? pipe : (shares[treeId - FIRST_SHARE_TREE]?.opens ?? 0);
    if (status !== 0) return refusal(header, status);
    return encodeSmb2CreateResponse({
      kind: 'smb2-create-response',
      header,
      oplockLevel: 0,
      createAction: SMB2_CREATE_ACTION.FILE_OPENED,
      fileAttributes: 0,
      fileId: new Uint8Array(SMB2_FILE_ID_LENGTH).fill(treeId),
    });
  }

  #transceive(message: Uint8Array, header: Smb2Header): Uint8Array {
    const { fileId, input } = decodeSmb2IoctlRequest(message);
    if (this.#setup.transceive !== 0) return refusal(header, this.#setup.transceive);
    this.#pipe.write(input);
    const { header: answered, data: output } = this.#fromPipe(header);
    const ctlCode = FSCTL_CODE.FSCTL_PIPE_TRANSCEIVE;
    return encodeSmb2IoctlResponse({
      kind: 'smb2-ioctl-response',
      header: answered,
      ctlCode,
      fileId,
      output,
    });
  }

  /** The next bytes of the pipe, and whether more wait behind them. */
  #fromPipe(header: Smb2Header): { readonly header: Smb2Header; readonly data: Uint8Array } {
    const { data, isMore } = this.#pipe.read();
    const status = isMore ? NT_STATUS.STATUS_BUFFER_OVERFLOW : NT_STATUS.STATUS_SUCCESS;
    return { header: { ...header, status }, data };
  }
}

function refusal(header: Smb2Header, status: number): Uint8Array {
  return encodeSmb2Error({ ...header, status });
}

function interimOf(header: Smb2Header): Uint8Array {
  const flags = header.flags | SMB2_FLAGS.SMB2_FLAGS_ASYNC_COMMAND;
  return refusal({ ...header, flags, reserved: ANY_ASYNC_ID, treeId: 0 }, NT_STATUS.STATUS_PENDING);
}

function connected(header: Smb2Header, share: Partial<FakeShare>): Uint8Array {
  const {
    shareType = SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_DISK,
    shareFlags = 0,
    maximalAccess = READ_ONLY,
  } = share;
  return encodeSmb2TreeConnectResponse({
    kind: 'smb2-tree-connect-response',
    header,
    shareType,
    shareFlags,
    capabilities: 0,
    maximalAccess,
  });
}

function commandOf(message: Uint8Array): number {
  return message[12] ?? 0;
}

/** The SMB messages of all connections without their framing, in order; of direct TCP only. */
export function messagesIn(log: ConnectionLog): Uint8Array[] {
  return log.flatMap(({ received }) => {
    const messages: Uint8Array[] = [];
    for (let rest = Uint8Array.from(received); rest.length > 0; ) {
      const end = 4 + new DataView(rest.buffer).getUint32(0);
      messages.push(unwrapMessage(rest.slice(0, end)));
      rest = rest.slice(end);
    }
    return messages;
  });
}

/** The commands that came after the negotiate, in order. */
export function commandsIn(log: ConnectionLog): number[] {
  return messagesIn(log)
    .map(commandOf)
    .filter((command) => command !== SMB2_COMMAND.SMB2_NEGOTIATE);
}

/** The last parts of the paths that were connected to, in order. */
export function sharesConnectedTo(log: ConnectionLog): string[] {
  return messagesIn(log)
    .filter((message) => commandOf(message) === SMB2_COMMAND.SMB2_TREE_CONNECT)
    .map((message) => decodeSmb2TreeConnectRequest(message).path.split('\\').at(-1) ?? '');
}

/** What was asked to be opened, in order. */
export function opensIn(log: ConnectionLog): Smb2CreateRequest[] {
  return messagesIn(log)
    .filter((message) => commandOf(message) === SMB2_COMMAND.SMB2_CREATE)
    .map(decodeSmb2CreateRequest);
}

/** The NTLM AUTHENTICATE_MESSAGEs: attempts to log on. */
export function logonsIn(log: ConnectionLog): AuthenticateMessage[] {
  return messagesIn(log)
    .filter((message) => commandOf(message) === SMB2_COMMAND.SMB2_SESSION_SETUP)
    .map(decodeSmb2SessionSetupRequest)
    .filter(({ header }) => header.sessionId !== 0n)
    .map(logonIn);
}

function logonIn({ securityBuffer }: Smb2SessionSetupRequest): AuthenticateMessage {
  return decodeAuthenticateMessage(decodeNegTokenResp(securityBuffer).responseToken ?? new Uint8Array());
}
