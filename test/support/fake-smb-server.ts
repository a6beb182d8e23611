import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { guidBytes, millisecondsToFiletime } from '../../probes/wire/dtyp.ts';
import {
  decodeSessionRequest,
  encodeSessionResponse,
  SESSION_ERROR,
  SESSION_PACKET,
  type SessionResponse,
  sessionFrameLength,
  unwrapMessage,
  wrapMessage,
} from '../../probes/wire/nbss.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { smbProtocol } from '../../probes/wire/smb-message.ts';
import { SMB_COM, SMB_FLAGS } from '../../probes/wire/smb1-header.ts';
import {
  decodeSmb1NegotiateRequest,
  encodeSmb1NegotiateResponse,
  NEGOTIATE_SECURITY_MODE,
  SMB1_CAPABILITIES,
  type Smb1NegotiateRequest,
} from '../../probes/wire/smb1-negotiate.ts';
import { SMB2_COMMAND, SMB2_FLAGS } from '../../probes/wire/smb2-header.ts';
import {
  decodeSmb2NegotiateRequest,
  encodeSmb2Error,
  encodeSmb2NegotiateResponse,
  SMB2_CAPABILITIES,
  SMB2_DIALECT,
  SMB2_SECURITY_MODE,
  type Smb2NegotiateRequest,
} from '../../probes/wire/smb2-negotiate.ts';
import { CIPHER, HASH_ALGORITHM, SIGNING_ALGORITHM } from '../../probes/wire/smb2-negotiate-contexts.ts';
import { type SessionSetupSetup, sessionSetupReply } from './fake-session-setup.ts';
import { type AnonymousSetup, FakeSmbSession } from './fake-smb-session.ts';
import { FakeSmb1Session } from './fake-smb1-session.ts';
import { type ConnectionLog, type FakeTcpServer, startFakeTcpServer } from './fake-tcp-server.ts';

/** How a server that speaks SMB is set up. */
export interface SmbSetup extends SessionSetupSetup {
  /** `SMB2_DIALECT`; with none the server hangs up on SMB 2 and 3, as those do that know SMB 1 only. */
  readonly dialects: readonly number[];
  /** What an offer meets that has no dialect in common with these. */
  readonly withoutCommonDialect: 'declined' | 'closed';
  /** Selects this dialect, or this cipher, whatever is offered. */
  readonly selectsDialect: number | null;
  readonly selectsCipher: number | null;
  readonly signing: 'enabled' | 'required';
  readonly encryption: boolean;
  /** `CIPHER`, for 3.1.1, in the server's order of preference. */
  readonly ciphers: readonly number[];
  /** What a client hears that offers "NT LM 0.12" alone. `closed`: the ordinary no of Windows. */
  readonly smb1: 'selected' | 'refused' | 'closed' | 'smb2-instead';
  readonly smb1Signing: 'disabled' | 'enabled' | 'required';
  /** How a session is opened over SMB 1: with security tokens, or in the classic way with a challenge at once. */
  readonly smb1Security: 'extended' | 'classic';
  /** Does it know Unicode over SMB 1, as everything does since Windows NT. */
  readonly smb1Unicode: boolean;
  /** Does TREE_CONNECT over SMB 1 tell the rights. */
  readonly smb1Rights: boolean;
  /** A number: the status of a look into a pipe that is not open. */
  readonly smb1Peek: number | 'hangs-up';
  /** Milliseconds UTC; null: not told. */
  readonly systemTime: number | null;
  readonly bootTime: number | null;
  readonly serverGuid: string | null;
  /** On TCP 139: the called names that get a session; null: any. The others are refused, and hung up on. */
  readonly calledNames: readonly string[] | null;
  /** A status instead of an SMB 2 answer. */
  readonly declinesWith: number | null;
  /** What a session without name and password is given; null: it is refused. */
  readonly anonymous: AnonymousSetup | null;
  /** Answers a question that was never put: another message id. */
  readonly answersAnother: boolean;
  /** Stops listening once it is offered SMB 1, one dialect alone, or logged on to, as a device does that crashes. */
  readonly fallsAt: 'smb1' | 'one-dialect' | 'logon' | null;
  /** Bytes in which each reply is sent; Infinity: in one piece. */
  readonly pieceBytes: number;
  /** Bytes of each reply after which the server hangs up; Infinity: never. */
  readonly closesAfter: number;
}

/** A current server: SMB 3.1.1 at best, signing required, encryption, no SMB 1. */
export const MODERN: SmbSetup = {
  dialects: Object.values(SMB2_DIALECT),
  withoutCommonDialect: 'declined',
  selectsDialect: null,
  selectsCipher: null,
  signing: 'required',
  encryption: true,
  ciphers: [CIPHER.AES_128_GCM, CIPHER.AES_128_CCM, CIPHER.AES_256_GCM, CIPHER.AES_256_CCM],
  smb1: 'closed',
  smb1Signing: 'disabled',
  smb1Security: 'classic',
  smb1Unicode: true,
  smb1Rights: true,
  smb1Peek: NT_STATUS.STATUS_INVALID_HANDLE,
  systemTime: Date.UTC(2026, 10, 21, 22, 41, 5),
  bootTime: null,
  serverGuid: '6C61676E-7379-0000-0000-000000000000',
  calledNames: null,
  declinesWith: null,
  sessionSetup: 'challenges',
  identity: {
    computer: 'FAKENAS',
    domain: 'WORKGROUP',
    dnsComputer: 'fakenas.home.arpa',
    dnsDomain: 'home.arpa',
    version: '6.1.0',
  },
  anonymous: null,
  answersAnother: false,
  fallsAt: null,
  pieceBytes: Number.POSITIVE_INFINITY,
  closesAfter: Number.POSITIVE_INFINITY,
};

/** A server that knows SMB 1 and nothing newer. */
export const SMB1_ONLY = { dialects: [], smb1: 'selected' } as const satisfies Partial<SmbSetup>;

/** What does not speak SMB at all, or not for long. */
export type Misbehaviour =
  | 'silent'
  | 'hangs-up-at-once'
  | 'hangs-up-when-asked'
  | 'resets'
  | 'garbage'
  | 'framed-garbage'
  | 'echo'
  | 'huge-length'
  | 'drips'
  | 'floods'
  | 'keeps-alive-for-ever';

/** One for every connection, or one for each in turn; connections beyond the last get the last. */
export type SmbBehaviour = Behaviour | readonly Behaviour[];
type Behaviour = Partial<SmbSetup> | Misbehaviour;

export interface SmbServerOptions {
  readonly address?: string;
  readonly port?: number;
  readonly log?: ConnectionLog;
  /** `session`: NetBIOS session service, as on TCP 139. */
  readonly framing?: 'direct' | 'session';
  readonly behaviour?: SmbBehaviour;
  /** The name in the NTLM challenge, unless the behaviour has an identity of its own. */
  readonly computer?: string;
}

export interface FakeSmbServer extends FakeTcpServer {
  /** From the next connection on. */
  behave(behaviour: SmbBehaviour): void;
}

/** An SMB server, TCP on loopback. `port` 0: any. */
export async function startFakeSmbServer(options: SmbServerOptions = {}): Promise<FakeSmbServer> {
  let turns = turnsOf(options.behaviour ?? {});
  const framing = options.framing ?? 'direct';
  const { computer = 'FAKENAS' } = options;
  const dnsComputer = `${computer.toLowerCase()}.home.arpa`;
  const identity = { ...MODERN.identity, computer, dnsComputer };
  const server = await startFakeTcpServer((socket) => {
    const [behaviour = {}, ...later] = turns;
    if (later.length > 0) turns = later;
    if (typeof behaviour === 'string') MISBEHAVIOURS[behaviour](socket);
    else converse(socket, { ...MODERN, identity, ...behaviour }, framing, () => void server.close());
  }, options);
  return {
    ...server,
    behave: (next) => {
      turns = turnsOf(next);
    },
  };
}

function turnsOf(behaviour: SmbBehaviour): readonly Behaviour[] {
  return typeof behaviour === 'string' || !Array.isArray(behaviour) ? [behaviour as Behaviour] : behaviour;
}

/** Answers one frame after the other. */
function converse(socket: Socket, setup: SmbSetup, framing: 'direct' | 'session', fall: () => void): void {
  let stream = Buffer.alloc(0);
  let inSession = framing === 'direct';
  const session = setup.anonymous === null ? null : new FakeSmbSession(setup.anonymous);
  const smb1Session = new FakeSmb1Session(setup);
  socket.on('data', (chunk) => {
    stream = Buffer.concat([stream, Buffer.from(chunk)]);
    const length = sessionFrameLength(stream);
    if (length === null || stream.length < length) return;
    const frame = Uint8Array.from(stream.subarray(0, length));
    stream = stream.subarray(length);
    if (inSession) {
      const message = unwrapMessage(frame);
      if (setup.fallsAt !== null && isFatal(message, setup.fallsAt)) return fall();
      const reply = () => answer(socket, replyTo(message, setup, { session, smb1Session }), setup);
      const delayMs = isLogon(message) ? (setup.anonymous?.logonDelayMs ?? 0) : 0;
      if (delayMs === 0) reply();
      else setTimeout(reply, delayMs);
      return;
    }
    const response = sessionResponse(frame, setup);
    inSession = response.kind === 'positive';
    answer(socket, encodeSessionResponse(response), setup, inSession ? 'stays' : 'hangs-up');
  });
}

/** Sends the reply in pieces, or hangs up: in its midst, or without one where `reply` is null. */
function answer(
  socket: Socket,
  reply: Uint8Array | null,
  { pieceBytes, closesAfter }: SmbSetup,
  then: 'stays' | 'hangs-up' = 'stays',
): void {
  if (reply === null) return void socket.end();
  const sent = reply.subarray(0, Math.min(closesAfter, reply.length));
  let offset = 0;
  const sendOn = (): void => {
    if (socket.destroyed) return;
    const end = Math.min(sent.length, offset + pieceBytes);
    socket.write(sent.subarray(offset, end));
    offset = end;
    if (offset < sent.length) setTimeout(sendOn, 1);
    else if (sent.length < reply.length || then === 'hangs-up') socket.end();
  };
  sendOn();
}

function sessionResponse(frame: Uint8Array, { calledNames }: SmbSetup): SessionResponse {
  const { called } = decodeSessionRequest(frame);
  if (calledNames === null || calledNames.includes(called.name)) return { kind: 'positive' };
  return { kind: 'negative', errorCode: SESSION_ERROR.CALLED_NAME_NOT_PRESENT };
}

/** The framed reply to one SMB message; null: the server hangs up, empty: it stays silent. */
function replyTo(
  message: Uint8Array,
  setup: SmbSetup,
  {
    session,
    smb1Session,
  }: { readonly session: FakeSmbSession | null; readonly smb1Session: FakeSmb1Session },
): Uint8Array | null {
  if (isBehindSmb1Negotiate(message)) {
    const reply = smb1Session.reply(message);
    return reply === null || reply.length === 0 ? reply : wrapMessage(reply);
  }
  if (session !== null && isWithinSession(message)) {
    const replies = session.replies(message);
    return replies === null ? null : Uint8Array.from(replies.flatMap((each) => [...wrapMessage(each)]));
  }
  const reply = unframedReply(message, setup);
  return reply === null || reply.length === 0 ? reply : wrapMessage(reply);
}

function isBehindSmb1Negotiate(message: Uint8Array): boolean {
  return smbProtocol(message) === 'smb1' && message[4] !== SMB_COM.SMB_COM_NEGOTIATE;
}

function isWithinSession(message: Uint8Array): boolean {
  const sessionId = message.subarray(SMB2_SESSION_ID_OFFSET, SMB2_SESSION_ID_OFFSET + 8);
  return smbProtocol(message) === 'smb2' && sessionId.some((byte) => byte !== 0);
}

function isFatal(message: Uint8Array, fallsAt: NonNullable<SmbSetup['fallsAt']>): boolean {
  if (fallsAt === 'logon') return isLogon(message);
  const isSmb1 = smbProtocol(message) === 'smb1';
  if (fallsAt === 'smb1' || isSmb1) return fallsAt === 'smb1' && isSmb1;
  const isNegotiate = message[SMB2_COMMAND_OFFSET] === SMB2_COMMAND.SMB2_NEGOTIATE;
  return isNegotiate && decodeSmb2NegotiateRequest(message).dialects.length === 1;
}

function isLogon(message: Uint8Array): boolean {
  return isWithinSession(message) && message[SMB2_COMMAND_OFFSET] === SMB2_COMMAND.SMB2_SESSION_SETUP;
}

function unframedReply(message: Uint8Array, setup: SmbSetup): Uint8Array | null {
  if (smbProtocol(message) === 'smb1') return smb1Reply(decodeSmb1NegotiateRequest(message), setup);
  const isSessionSetup = message[SMB2_COMMAND_OFFSET] === SMB2_COMMAND.SMB2_SESSION_SETUP;
  if (isSessionSetup) return sessionSetupReply(message, setup);
  return smb2Reply(decodeSmb2NegotiateRequest(message), setup);
}

const SMB2_COMMAND_OFFSET = 12;
const SMB2_SESSION_ID_OFFSET = 40;

function smb2Reply(request: Smb2NegotiateRequest, setup: SmbSetup): Uint8Array | null {
  if (setup.dialects.length === 0) return null;
  const common = request.dialects.filter((dialect) => setup.dialects.includes(dialect));
  if (common.length === 0 && setup.withoutCommonDialect === 'closed') return null;
  const status = common.length === 0 ? NT_STATUS.STATUS_NOT_SUPPORTED : (setup.declinesWith ?? 0);
  const header = {
    ...request.header,
    status,
    flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR,
    messageId: setup.answersAnother ? request.header.messageId + 7n : request.header.messageId,
  };
  if (status !== 0) return encodeSmb2Error(header);
  const cipher = setup.ciphers.find((each) => request.contexts?.ciphers?.includes(each)) ?? 0;
  const selected = {
    dialect: setup.selectsDialect ?? Math.max(...common),
    cipher: setup.selectsCipher ?? (setup.encryption ? cipher : 0),
  };
  return smb2Selection(header, selected, setup);
}

function smb2Selection(
  header: Smb2NegotiateRequest['header'],
  { dialect, cipher }: { readonly dialect: number; readonly cipher: number },
  setup: SmbSetup,
): Uint8Array {
  const { SMB2_NEGOTIATE_SIGNING_ENABLED, SMB2_NEGOTIATE_SIGNING_REQUIRED } = SMB2_SECURITY_MODE;
  const is311 = dialect === SMB2_DIALECT.SMB_3_1_1;
  const encrypts = setup.encryption && dialect >= SMB2_DIALECT.SMB_3_0;
  return encodeSmb2NegotiateResponse({
    kind: 'smb2-negotiate-response',
    header,
    securityMode:
      SMB2_NEGOTIATE_SIGNING_ENABLED | (setup.signing === 'required' ? SMB2_NEGOTIATE_SIGNING_REQUIRED : 0),
    dialectRevision: dialect,
    serverGuid: setup.serverGuid === null ? new Uint8Array(16) : guidBytes(setup.serverGuid),
    capabilities: encrypts && !is311 ? SMB2_CAPABILITIES.SMB2_GLOBAL_CAP_ENCRYPTION : 0,
    maxTransactSize: 0x0080_0000,
    maxReadSize: 0x0080_0000,
    maxWriteSize: 0x0080_0000,
    systemTime: filetime(setup.systemTime),
    serverStartTime: filetime(setup.bootTime),
    securityBuffer: new Uint8Array(),
    contexts: is311
      ? {
          preauthIntegrity: { hashAlgorithms: [HASH_ALGORITHM.SHA_512], salt: randomBytes(32) },
          ciphers: [cipher],
          compression: null,
          signingAlgorithms: [SIGNING_ALGORITHM.AES_GMAC],
          others: [],
        }
      : null,
  });
}

function smb1Reply(request: Smb1NegotiateRequest, setup: SmbSetup): Uint8Array | null {
  const { mid, flags } = request.header;
  const header = {
    ...request.header,
    flags: flags | SMB_FLAGS.SMB_FLAGS_REPLY,
    mid: setup.answersAnother ? mid ^ 1 : mid,
  };
  switch (setup.smb1) {
    case 'closed':
      return null;
    case 'refused':
      return encodeSmb1NegotiateResponse({ kind: 'refused', header, dialectIndex: 0xffff });
    case 'smb2-instead':
      return encodeSmb2Error({ ...EMPTY_SMB2_HEADER, status: NT_STATUS.STATUS_NOT_SUPPORTED });
    case 'selected':
      return encodeSmb1NegotiateResponse({
        kind: 'selected',
        header,
        dialectIndex: 0,
        securityMode: smb1SecurityMode(setup.smb1Signing),
        maxMpxCount: 50,
        maxNumberVcs: 1,
        maxBufferSize: 16_644,
        maxRawSize: 65_536,
        sessionKey: 0,
        capabilities: smb1Capabilities(setup),
        systemTime: filetime(setup.systemTime),
        serverTimeZone: 0,
        ...(setup.smb1Security === 'extended' ? extendedIdentity(setup) : classicIdentity(setup)),
      });
  }
}

function smb1Capabilities({ smb1Security, smb1Unicode }: SmbSetup): number {
  const { CAP_UNICODE, CAP_NT_SMBS, CAP_EXTENDED_SECURITY } = SMB1_CAPABILITIES;
  const extended = smb1Security === 'extended' ? CAP_EXTENDED_SECURITY : 0;
  return (CAP_NT_SMBS | (smb1Unicode ? CAP_UNICODE : 0) | extended) >>> 0;
}

function classicIdentity({ identity }: SmbSetup) {
  const { domain, computer } = identity;
  const names = { domainName: domain, serverName: computer };
  return { serverGuid: null, securityBlob: null, challenge: randomBytes(8), ...names };
}

function extendedIdentity({ serverGuid }: SmbSetup) {
  const guid = serverGuid === null ? new Uint8Array(16) : guidBytes(serverGuid);
  const none = { challenge: null, domainName: null, serverName: null };
  return { serverGuid: guid, securityBlob: new Uint8Array(), ...none };
}

const EMPTY_SMB2_HEADER = {
  creditCharge: 0,
  command: 0,
  credits: 1,
  flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR,
  nextCommand: 0,
  messageId: 0n,
  reserved: 0,
  treeId: 0,
  sessionId: 0n,
  signature: new Uint8Array(16),
};

function smb1SecurityMode(signing: SmbSetup['smb1Signing']): number {
  const mode = NEGOTIATE_SECURITY_MODE;
  const enabled = signing === 'disabled' ? 0 : mode.NEGOTIATE_SECURITY_SIGNATURES_ENABLED;
  const required = signing === 'required' ? mode.NEGOTIATE_SECURITY_SIGNATURES_REQUIRED : 0;
  return mode.NEGOTIATE_USER_SECURITY | mode.NEGOTIATE_ENCRYPT_PASSWORDS | enabled | required;
}

function filetime(milliseconds: number | null): bigint {
  return milliseconds === null ? 0n : millisecondsToFiletime(milliseconds);
}

/** A direct TCP header that announces 64 bytes, and the beginning of an SMB2 header. */
const PLAUSIBLE_START = [0x00, 0x00, 0x00, 0x40, 0xfe, 0x53, 0x4d, 0x42];
const LENGTH_16_MIB = [0x00, 0xff, 0xff, 0xff];
const GARBAGE = Uint8Array.from({ length: 512 }, (_, i) => 0xa5 ^ (i & 0x1f));
const DRIP_MS = 50;
const FLOOD_BYTES = 1024 * 1024;

const MISBEHAVIOURS: Readonly<Record<Misbehaviour, (socket: Socket) => void>> = {
  silent: () => {},
  'hangs-up-at-once': (socket) => void socket.end(),
  'hangs-up-when-asked': (socket) => void socket.on('data', () => socket.end()),
  resets: (socket) => void socket.on('data', () => socket.resetAndDestroy()),
  garbage: (socket) => void socket.on('data', () => socket.write(GARBAGE)),
  'framed-garbage': (socket) => void socket.on('data', () => socket.write(wrapMessage(GARBAGE))),
  echo: (socket) => void socket.on('data', (chunk) => socket.write(chunk)),
  'huge-length': (socket) => {
    socket.write(Uint8Array.from(LENGTH_16_MIB));
    socket.write(new Uint8Array(FLOOD_BYTES));
  },
  drips: (socket) => {
    let sent = 0;
    every(DRIP_MS, socket, () => {
      socket.write(Uint8Array.of(PLAUSIBLE_START[sent] ?? 0));
      sent += 1;
    });
  },
  floods: (socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(GARBAGE));
    };
    socket.on('drain', pour);
    pour();
  },
  'keeps-alive-for-ever': (socket) => {
    const keepAlive = encodeSessionResponse({ kind: 'keep-alive' });
    socket.write(encodeSessionResponse({ kind: 'positive' }));
    every(1, socket, () => socket.write(keepAlive));
  },
};

function every(intervalMs: number, socket: Socket, send: () => void): void {
  const timer = setInterval(send, intervalMs);
  socket.once('close', () => clearInterval(timer));
}

/** The called names that came in session requests, in order. */
export function namesCalled(log: ConnectionLog): string[] {
  return log.flatMap(({ received }) => {
    if (received[0] !== SESSION_PACKET.SESSION_REQUEST) return [];
    return [decodeSessionRequest(Uint8Array.from(received.slice(0, 72))).called.name];
  });
}
