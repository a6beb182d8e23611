/**
 * NetrShareEnum, [MS-SRVS] 3.1.4.8, at level 1 (SHARE_INFO_1, 2.2.4.23): which shares a server names to whom
 * asks. The stubs of a DCE/RPC request and its response (dcerpc-request.ts), in NDR, C706 §14. Little endian;
 * offsets and alignment are counted from the first byte of the stub, the fragments' stubs joined.
 *
 * A referent is 4 bytes: 0 for a null pointer, else any number; what it points to stands behind the structure
 * or array that it is in. A string is max_count 4, offset 4, actual_count 4, then actual_count UTF-16
 * characters, the NUL among them. Every field of 4 bytes begins at a multiple of 4.
 *
 *  Request, in order:
 *       4  ServerName: referent, then the string
 *       4  Level: 1
 *       4  ShareInfo: 1, the level again
 *       4  Level1: referent
 *       4  EntriesRead: 0
 *       4  Buffer: 0
 *       4  PreferedMaximumLength
 *       4  ResumeHandle: referent, then the value 4
 *
 *  Response, in order:
 *       4  Level: 1
 *       4  ShareInfo: 1
 *       4  Level1: referent; what follows to TotalEntries only if it is not null
 *       4  EntriesRead
 *       4  Buffer: referent; what follows to TotalEntries only if it is not null
 *       4  max_count, as EntriesRead
 *    12·n  shi1_netname: referent; shi1_type; shi1_remark: referent
 *       …  for each: the string of shi1_netname, the string of shi1_remark
 *       4  TotalEntries
 *       4  ResumeHandle: referent, then the value 4
 *       4  return value
 */
import { Reader } from './reader.ts';
import { padding, Writer } from './writer.ts';

export const NETR_SHARE_ENUM_OPNUM = 15;

/** [MS-SRVS] 2.2.2.4: one of the first four, which `SHARE_KIND_MASK` cuts out, and any of the others added. */
export const SHARE_TYPE = {
  STYPE_DISKTREE: 0x00000000,
  STYPE_PRINTQ: 0x00000001,
  STYPE_DEVICE: 0x00000002,
  STYPE_IPC: 0x00000003,
  STYPE_CLUSTER_FS: 0x02000000,
  STYPE_CLUSTER_SOFS: 0x04000000,
  STYPE_CLUSTER_DFS: 0x08000000,
  STYPE_TEMPORARY: 0x40000000,
  STYPE_SPECIAL: 0x80000000,
} as const;
export const SHARE_KIND_MASK = 0x000000ff;

/** Return values of NetrShareEnum that are told apart, [MS-SRVS] 3.1.4.8 and [MS-ERREF] 2.2. */
export const SHARE_ENUM_RETURN = {
  NERR_Success: 0x00000000,
  ERROR_ACCESS_DENIED: 0x00000005,
  ERROR_INVALID_LEVEL: 0x0000007c,
  ERROR_MORE_DATA: 0x000000ea,
} as const;

const LEVEL = 1;
/** As the first that Samba's and Microsoft's NDR give: any number but 0 would do. */
const FIRST_REFERENT = 0x0002_0000;
const REFERENT_STEP = 4;
/** Those of a request with a ServerName go before. */
const FIRST_RESPONSE_REFERENT = 0x0002_000c;
const NO_LIMIT = 0xffff_ffff;
const MOST_SHARES = 1_024;
/** Characters of UTF-16, the NUL not counted. */
const MOST_SERVER_NAME_CHARACTERS = 256;
const MOST_NAME_CHARACTERS = 256;
const MOST_COMMENT_CHARACTERS = 1_024;

export interface NetrShareEnumRequest {
  readonly kind: 'net-share-enum-request';
  /** As sent, with or without `\\` before it; null: not sent. */
  readonly serverName: string | null;
}

export interface Share {
  /** A stranger's text as observed, at most 256 characters. A `$` at the end hides it in lists by habit only. */
  readonly name: string;
  /** `SHARE_TYPE`, unsigned 32 bits. */
  readonly type: number;
  /** A stranger's text as observed, at most 1,024 characters; empty also where the server sent none. */
  readonly comment: string;
}

export interface NetrShareEnumResponse {
  readonly kind: 'net-share-enum-response';
  /** `SHARE_ENUM_RETURN`. */
  readonly returnCode: number;
  /** What the server claims to have, not checked against `shares`. */
  readonly totalEntries: number;
  /** In the server's order, at most 1,024; empty where the server refuses. */
  readonly shares: readonly Share[];
}

/**
 * Asks for all shares in one answer. `serverName` is the server's address or name, with `\\` before it as
 * Windows sends it; null is as good to Samba.
 */
export function encodeNetrShareEnumRequest({
  serverName,
}: {
  readonly serverName: string | null;
}): Uint8Array {
  const writer = new Writer();
  const nextReferent = referents(FIRST_REFERENT);
  writer.uint32le(serverName === null ? 0 : nextReferent());
  if (serverName !== null) writeString(writer, serverName);
  writer.uint32le(LEVEL).uint32le(LEVEL).uint32le(nextReferent()).uint32le(0).uint32le(0);
  return writer.uint32le(NO_LIMIT).uint32le(nextReferent()).uint32le(0).finish();
}

/**
 * A request at level 1, as a fake server reads it. Limit and resume handle are not kept.
 * @throws DecodeError for another level, a list in the request, and bytes behind it.
 */
export function decodeNetrShareEnumRequest(stub: Uint8Array): NetrShareEnumRequest {
  const reader = new Reader(stub, 'NetrShareEnum request');
  const serverName =
    reader.uint32le('ServerName') === 0
      ? null
      : readString(reader, 'ServerName', MOST_SERVER_NAME_CHARACTERS);
  readLevel(reader);
  if (reader.uint32le('Level1') !== 0) {
    reader.expect(reader.uint32le('EntriesRead'), 0);
    reader.expect(reader.uint32le('Buffer'), 0);
  }
  reader.skip(4, 'PreferedMaximumLength');
  readResumeHandle(reader);
  if (reader.remaining > 0) throw reader.wrong('the end of the stub', `${reader.remaining} bytes more`);
  return { kind: 'net-share-enum-request', serverName };
}

/** A response as a fake server sends it, with all that is left out by `NetrShareEnumResponse` zero. */
export function encodeNetrShareEnumResponse(response: NetrShareEnumResponse): Uint8Array {
  const { returnCode, totalEntries, shares } = response;
  const nextReferent = referents(FIRST_RESPONSE_REFERENT);
  const writer = new Writer().uint32le(LEVEL).uint32le(LEVEL).uint32le(nextReferent());
  writer.uint32le(shares.length).uint32le(shares.length === 0 ? 0 : nextReferent());
  if (shares.length > 0) writer.uint32le(shares.length);
  for (const { type } of shares) writer.uint32le(nextReferent()).uint32le(type).uint32le(nextReferent());
  for (const { name, comment } of shares) {
    writeString(writer, name);
    writeString(writer, comment);
  }
  return writer.uint32le(totalEntries).uint32le(nextReferent()).uint32le(0).uint32le(returnCode).finish();
}

/**
 * The shares that a server names. `stub` is whole, its fragments joined; bytes behind the return value are not
 * read.
 * @throws DecodeError for another level, more than 1,024 shares, a share without a name, a text that is longer
 * than `Share` allows or does not fit its counts, and when the stub ends early.
 */
export function decodeNetrShareEnumResponse(stub: Uint8Array): NetrShareEnumResponse {
  const reader = new Reader(stub, 'NetrShareEnum response');
  readLevel(reader);
  const shares = reader.uint32le('Level1') === 0 ? [] : readShares(reader);
  const totalEntries = reader.uint32le('TotalEntries');
  readResumeHandle(reader);
  const returnCode = reader.uint32le('return value');
  return { kind: 'net-share-enum-response', returnCode, totalEntries, shares };
}

function readShares(reader: Reader): Share[] {
  const count = reader.uint32le('EntriesRead');
  if (count > MOST_SHARES) throw reader.wrong(`at most ${MOST_SHARES}`, count);
  if (reader.uint32le('Buffer') === 0) {
    if (count > 0) throw reader.wrong(`${count} shares`, 'a null pointer');
    return [];
  }
  reader.expect(reader.uint32le('max_count'), count);
  const entries = Array.from({ length: count }, () => {
    if (reader.uint32le('shi1_netname') === 0) throw reader.wrong('a name', 'a null pointer');
    return { type: reader.uint32le('shi1_type'), hasComment: reader.uint32le('shi1_remark') !== 0 };
  });
  return entries.map(({ type, hasComment }) => {
    const name = readString(reader, 'shi1_netname', MOST_NAME_CHARACTERS);
    const comment = hasComment ? readString(reader, 'shi1_remark', MOST_COMMENT_CHARACTERS) : '';
    return { name, type, comment };
  });
}

/** Level, and the union's own copy of it. */
function readLevel(reader: Reader): void {
  reader.expect(reader.uint32le('Level'), LEVEL);
  reader.expect(reader.uint32le('ShareInfo'), LEVEL);
}

function readResumeHandle(reader: Reader): void {
  if (reader.uint32le('ResumeHandle') !== 0) reader.skip(4, 'ResumeHandle');
}

/** A string without the NUL at its end, and the padding behind it, which what follows always needs. */
function readString(reader: Reader, field: string, mostCharacters: number): string {
  const room = reader.uint32le(`${field} max_count`);
  reader.expect(reader.uint32le(`${field} offset`), 0);
  const count = reader.uint32le(`${field} actual_count`);
  if (count > room) throw reader.wrong(`at most max_count ${room}`, count);
  if (count > mostCharacters + 1) throw reader.wrong(`at most ${mostCharacters + 1}`, count);
  let text = '';
  for (let i = 0; i < count; i += 1) text += String.fromCharCode(reader.uint16le(field));
  reader.skip(padding(reader.offset, 4), 'padding');
  return text.replace(/\0$/, '');
}

function writeString(writer: Writer, text: string): void {
  const count = text.length + 1;
  writer.uint32le(count).uint32le(0).uint32le(count).utf16le(text).uint16le(0).align(4);
}

/** Numbers to tell pointers apart by. */
function referents(first: number): () => number {
  let next = first;
  return () => {
    const referent = next;
    next += REFERENT_STEP;
    return referent;
  };
}
