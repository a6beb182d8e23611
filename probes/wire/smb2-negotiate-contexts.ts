/**
 * SMB2 NEGOTIATE_CONTEXT, [MS-SMB2] 2.2.3.1 and 2.2.4.1: what dialect 3.1.1 adds to NEGOTIATE, in both
 * directions. Little endian. Each context begins at a multiple of 8, counted from the first byte of the SMB2
 * header.
 *
 *  offset  size
 *       0     2  ContextType
 *       2     2  DataLength of Data alone, without the padding before the next context
 *       4     4  Reserved
 *       8     n  Data
 *
 *  SMB2_PREAUTH_INTEGRITY_CAPABILITIES: HashAlgorithmCount 2, SaltLength 2, HashAlgorithms 2·n, Salt
 *  SMB2_ENCRYPTION_CAPABILITIES: CipherCount 2, Ciphers 2·n
 *  SMB2_COMPRESSION_CAPABILITIES: CompressionAlgorithmCount 2, Padding 2, Flags 4, CompressionAlgorithms 2·n
 *  SMB2_SIGNING_CAPABILITIES: SigningAlgorithmCount 2, SigningAlgorithms 2·n
 */
import type { Reader } from './reader.ts';
import { padding, Writer } from './writer.ts';

/** ContextType, 2.2.3.1. */
export const NEGOTIATE_CONTEXT_TYPE = {
  SMB2_PREAUTH_INTEGRITY_CAPABILITIES: 0x0001,
  SMB2_ENCRYPTION_CAPABILITIES: 0x0002,
  SMB2_COMPRESSION_CAPABILITIES: 0x0003,
  SMB2_NETNAME_NEGOTIATE_CONTEXT_ID: 0x0005,
  SMB2_TRANSPORT_CAPABILITIES: 0x0006,
  SMB2_RDMA_TRANSFORM_CAPABILITIES: 0x0007,
  SMB2_SIGNING_CAPABILITIES: 0x0008,
  /** Samba's and ksmbd's, in no Microsoft document. */
  SMB2_POSIX_EXTENSIONS_AVAILABLE: 0x0100,
} as const;

/** HashAlgorithms, 2.2.3.1.1. */
export const HASH_ALGORITHM = { SHA_512: 0x0001 } as const;

/** Ciphers, 2.2.3.1.2. */
export const CIPHER = {
  AES_128_CCM: 0x0001,
  AES_128_GCM: 0x0002,
  AES_256_CCM: 0x0003,
  AES_256_GCM: 0x0004,
} as const;

/** CompressionAlgorithms, 2.2.3.1.3. */
export const COMPRESSION_ALGORITHM = {
  NONE: 0x0000,
  LZNT1: 0x0001,
  LZ77: 0x0002,
  LZ77_HUFFMAN: 0x0003,
  PATTERN_V1: 0x0004,
  LZ4: 0x0005,
} as const;

/** Flags of the compression context, 2.2.3.1.3. */
export const COMPRESSION_FLAG = {
  SMB2_COMPRESSION_CAPABILITIES_FLAG_NONE: 0x00000000,
  SMB2_COMPRESSION_CAPABILITIES_FLAG_CHAINED: 0x00000001,
} as const;

/** SigningAlgorithms, 2.2.3.1.7. */
export const SIGNING_ALGORITHM = { HMAC_SHA256: 0x0000, AES_CMAC: 0x0001, AES_GMAC: 0x0002 } as const;

/** What the contexts of one message say; null: no such context. Ids that are in no table stay numbers. */
export interface NegotiateContexts {
  readonly preauthIntegrity: { readonly hashAlgorithms: readonly number[]; readonly salt: Uint8Array } | null;
  /** In a response one, the chosen one; 0 where there is nothing in common (Samba). */
  readonly ciphers: readonly number[] | null;
  readonly compression: { readonly flags: number; readonly algorithms: readonly number[] } | null;
  /** In a response one, the chosen one. */
  readonly signingAlgorithms: readonly number[] | null;
  /** Contexts of any other type, in wire order, as bytes. */
  readonly others: readonly NegotiateContext[];
}

export interface NegotiateContext {
  readonly contextType: number;
  readonly data: Uint8Array;
}

const TYPE = NEGOTIATE_CONTEXT_TYPE;
const UNDERSTOOD: readonly number[] = [
  TYPE.SMB2_PREAUTH_INTEGRITY_CAPABILITIES,
  TYPE.SMB2_ENCRYPTION_CAPABILITIES,
  TYPE.SMB2_COMPRESSION_CAPABILITIES,
  TYPE.SMB2_SIGNING_CAPABILITIES,
];
/** More contexts than any type list of the specification could fill. */
const MOST_CONTEXTS = 32;
const ALIGNMENT = 8;

/** The contexts in order of ContextType, `others` last: as they are counted and sent. */
export function encodeContexts(contexts: NegotiateContexts): readonly NegotiateContext[] {
  const { preauthIntegrity, ciphers, compression, signingAlgorithms, others } = contexts;
  const encoded: NegotiateContext[] = [];
  const add = (contextType: number, writer: Writer) => encoded.push({ contextType, data: writer.finish() });
  if (preauthIntegrity !== null) {
    const { hashAlgorithms, salt } = preauthIntegrity;
    const writer = new Writer().uint16le(hashAlgorithms.length).uint16le(salt.length);
    add(TYPE.SMB2_PREAUTH_INTEGRITY_CAPABILITIES, writeIds(writer, hashAlgorithms).bytes(salt));
  }
  if (ciphers !== null) {
    add(TYPE.SMB2_ENCRYPTION_CAPABILITIES, writeIds(new Writer().uint16le(ciphers.length), ciphers));
  }
  if (compression !== null) {
    const writer = new Writer()
      .uint16le(compression.algorithms.length)
      .uint16le(0)
      .uint32le(compression.flags);
    add(TYPE.SMB2_COMPRESSION_CAPABILITIES, writeIds(writer, compression.algorithms));
  }
  if (signingAlgorithms !== null) {
    const writer = new Writer().uint16le(signingAlgorithms.length);
    add(TYPE.SMB2_SIGNING_CAPABILITIES, writeIds(writer, signingAlgorithms));
  }
  return [...encoded, ...others];
}

/** Writes the contexts, each aligned; the last one is not padded. */
export function writeContexts(writer: Writer, contexts: readonly NegotiateContext[]): void {
  for (const { contextType, data } of contexts) {
    writer.align(ALIGNMENT);
    writer.uint16le(contextType).uint16le(data.length).uint32le(0).bytes(data);
  }
}

/** Where the first context goes when the part before it ends at `end`. */
export function contextListOffset(end: number): number {
  return end + padding(end, ALIGNMENT);
}

/**
 * Reads `count` contexts, the first one at the cursor. What a context holds behind its fields is not read.
 * @throws DecodeError for a context that does not fit, a second one of a known type, or more than 32.
 */
export function readContexts(reader: Reader, count: number): NegotiateContexts {
  if (count > MOST_CONTEXTS) throw reader.wrong(`at most ${MOST_CONTEXTS}`, count);
  const known = new Map<number, Reader>();
  const others: NegotiateContext[] = [];
  for (let i = 0; i < count; i += 1) {
    reader.skip(padding(reader.offset, ALIGNMENT), 'padding of NegotiateContextList');
    const contextType = reader.uint16le('ContextType');
    if (known.has(contextType)) throw reader.wrong('a type that was not there before', contextType);
    const length = reader.uint16le('DataLength');
    reader.skip(4, 'Reserved');
    const data = reader.window(reader.offset, length, 'Data');
    reader.skip(length, 'Data');
    if (UNDERSTOOD.includes(contextType)) known.set(contextType, data);
    else others.push({ contextType, data: data.bytes(length, 'Data') });
  }
  return {
    preauthIntegrity: readIfThere(known, TYPE.SMB2_PREAUTH_INTEGRITY_CAPABILITIES, readPreauthIntegrity),
    ciphers: readIfThere(known, TYPE.SMB2_ENCRYPTION_CAPABILITIES, readCiphers),
    compression: readIfThere(known, TYPE.SMB2_COMPRESSION_CAPABILITIES, readCompression),
    signingAlgorithms: readIfThere(known, TYPE.SMB2_SIGNING_CAPABILITIES, readSigningAlgorithms),
    others,
  };
}

function readIfThere<T>(
  known: ReadonlyMap<number, Reader>,
  type: number,
  read: (data: Reader) => T,
): T | null {
  const data = known.get(type);
  return data === undefined ? null : read(data);
}

function readPreauthIntegrity(data: Reader): NonNullable<NegotiateContexts['preauthIntegrity']> {
  const count = data.uint16le('HashAlgorithmCount');
  const saltLength = data.uint16le('SaltLength');
  return { hashAlgorithms: readIds(data, count, 'HashAlgorithms'), salt: data.bytes(saltLength, 'Salt') };
}

function readCiphers(data: Reader): number[] {
  return readIds(data, data.uint16le('CipherCount'), 'Ciphers');
}

function readCompression(data: Reader): NonNullable<NegotiateContexts['compression']> {
  const count = data.uint16le('CompressionAlgorithmCount');
  data.skip(2, 'Padding');
  const flags = data.uint32le('Flags');
  return { flags, algorithms: readIds(data, count, 'CompressionAlgorithms') };
}

function readSigningAlgorithms(data: Reader): number[] {
  return readIds(data, data.uint16le('SigningAlgorithmCount'), 'SigningAlgorithms');
}

function readIds(data: Reader, count: number, field: string): number[] {
  const ids: number[] = [];
  for (let i = 0; i < count; i += 1) ids.push(data.uint16le(field));
  return ids;
}

function writeIds(writer: Writer, ids: readonly number[]): Writer {
  for (const id of ids) writer.uint16le(id);
  return writer;
}
