import { decodeBind, decodeBindResponse } from '../../../probes/wire/dcerpc-bind.ts';
import { decodeRequest, decodeResponse } from '../../../probes/wire/dcerpc-request.ts';
import { decodeMdnsResponse } from '../../../probes/wire/mdns.ts';
import { decodeNodeStatusRequest, decodeNodeStatusResponse } from '../../../probes/wire/nbns.ts';
import { decodeSessionRequest, decodeSessionResponse } from '../../../probes/wire/nbss.ts';
import { decodeAuthenticateMessage } from '../../../probes/wire/ntlm-authenticate.ts';
import { decodeChallengeMessage, decodeNegotiateMessage } from '../../../probes/wire/ntlmssp.ts';
import {
  decodeSmb1CloseRequest,
  decodeSmb1CloseResponse,
  decodeSmb1CreateRequest,
  decodeSmb1CreateResponse,
} from '../../../probes/wire/smb1-create.ts';
import {
  decodeSmb1NegotiateRequest,
  decodeSmb1NegotiateResponse,
} from '../../../probes/wire/smb1-negotiate.ts';
import { decodeSmb1ReadRequest, decodeSmb1ReadResponse } from '../../../probes/wire/smb1-read.ts';
import {
  decodeSmb1LogoffRequest,
  decodeSmb1LogoffResponse,
  decodeSmb1SessionSetupRequest,
  decodeSmb1SessionSetupResponse,
} from '../../../probes/wire/smb1-session-setup.ts';
import {
  decodeSmb1TransactionRequest,
  decodeSmb1TransactionResponse,
} from '../../../probes/wire/smb1-transaction.ts';
import {
  decodeSmb1TreeConnectRequest,
  decodeSmb1TreeConnectResponse,
  decodeSmb1TreeDisconnectRequest,
  decodeSmb1TreeDisconnectResponse,
} from '../../../probes/wire/smb1-tree-connect.ts';
import {
  decodeSmb2CloseRequest,
  decodeSmb2CloseResponse,
  decodeSmb2CreateRequest,
  decodeSmb2CreateResponse,
} from '../../../probes/wire/smb2-create.ts';
import { decodeSmb2IoctlRequest, decodeSmb2IoctlResponse } from '../../../probes/wire/smb2-ioctl.ts';
import {
  decodeSmb2NegotiateRequest,
  decodeSmb2NegotiateResponse,
} from '../../../probes/wire/smb2-negotiate.ts';
import { decodeSmb2ReadRequest, decodeSmb2ReadResponse } from '../../../probes/wire/smb2-read.ts';
import {
  decodeSmb2SessionSetupRequest,
  decodeSmb2SessionSetupResponse,
} from '../../../probes/wire/smb2-session-setup.ts';
import {
  decodeSmb2LogoffRequest,
  decodeSmb2LogoffResponse,
  decodeSmb2TreeConnectRequest,
  decodeSmb2TreeConnectResponse,
  decodeSmb2TreeDisconnectRequest,
  decodeSmb2TreeDisconnectResponse,
} from '../../../probes/wire/smb2-tree-connect.ts';
import { decodeNegTokenInit, decodeNegTokenResp } from '../../../probes/wire/spnego.ts';
import { decodeNetrShareEnumRequest, decodeNetrShareEnumResponse } from '../../../probes/wire/srvsvc.ts';

/** One decoder for each message, by the beginning of its fixtures' names. A new message is one line here. */
export const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'nbns-node-status-request': decodeNodeStatusRequest,
  'nbns-node-status-response': decodeNodeStatusResponse,
  'mdns-response': decodeMdnsResponse,
  'nbss-session-request': decodeSessionRequest,
  'nbss-session-response': decodeSessionResponse,
  'smb1-negotiate-request': decodeSmb1NegotiateRequest,
  'smb1-negotiate-response': decodeSmb1NegotiateResponse,
  'smb1-session-setup-request': decodeSmb1SessionSetupRequest,
  'smb1-session-setup-response': decodeSmb1SessionSetupResponse,
  'smb1-logoff-request': decodeSmb1LogoffRequest,
  'smb1-logoff-response': decodeSmb1LogoffResponse,
  'smb1-tree-connect-request': decodeSmb1TreeConnectRequest,
  'smb1-tree-connect-response': decodeSmb1TreeConnectResponse,
  'smb1-tree-disconnect-request': decodeSmb1TreeDisconnectRequest,
  'smb1-tree-disconnect-response': decodeSmb1TreeDisconnectResponse,
  'smb1-create-request': decodeSmb1CreateRequest,
  'smb1-create-response': decodeSmb1CreateResponse,
  'smb1-close-request': decodeSmb1CloseRequest,
  'smb1-close-response': decodeSmb1CloseResponse,
  'smb1-transaction-request': decodeSmb1TransactionRequest,
  'smb1-transaction-response': decodeSmb1TransactionResponse,
  'smb1-read-request': decodeSmb1ReadRequest,
  'smb1-read-response': decodeSmb1ReadResponse,
  'smb2-negotiate-request': decodeSmb2NegotiateRequest,
  'smb2-negotiate-response': decodeSmb2NegotiateResponse,
  'smb2-session-setup-request': decodeSmb2SessionSetupRequest,
  'smb2-session-setup-response': decodeSmb2SessionSetupResponse,
  'smb2-tree-connect-request': decodeSmb2TreeConnectRequest,
  'smb2-tree-connect-response': decodeSmb2TreeConnectResponse,
  'smb2-tree-disconnect-request': decodeSmb2TreeDisconnectRequest,
  'smb2-tree-disconnect-response': decodeSmb2TreeDisconnectResponse,
  'smb2-logoff-request': decodeSmb2LogoffRequest,
  'smb2-logoff-response': decodeSmb2LogoffResponse,
  'smb2-create-request': decodeSmb2CreateRequest,
  'smb2-create-response': decodeSmb2CreateResponse,
  'smb2-close-request': decodeSmb2CloseRequest,
  'smb2-close-response': decodeSmb2CloseResponse,
  'smb2-ioctl-request': decodeSmb2IoctlRequest,
  'smb2-ioctl-response': decodeSmb2IoctlResponse,
  'smb2-read-request': decodeSmb2ReadRequest,
  'smb2-read-response': decodeSmb2ReadResponse,
  'spnego-neg-token-init': decodeNegTokenInit,
  'spnego-neg-token-resp': decodeNegTokenResp,
  'ntlmssp-negotiate': decodeNegotiateMessage,
  'ntlmssp-challenge': decodeChallengeMessage,
  'ntlmssp-authenticate': decodeAuthenticateMessage,
  'dcerpc-bind-request': decodeBind,
  'dcerpc-bind-response': decodeBindResponse,
  'dcerpc-request': decodeRequest,
  'dcerpc-response': decodeResponse,
  'srvsvc-net-share-enum-request': decodeNetrShareEnumRequest,
  'srvsvc-net-share-enum-response': decodeNetrShareEnumResponse,
};

/** The message that a fixture is of, or undefined for a name that begins with none. */
export function messageOf(fixture: string): string | undefined {
  return Object.keys(DECODERS).find((message) => fixture.startsWith(`${message}-`));
}
