import type { Answer } from '../domain/facts.ts';
import type { Refused } from './conversation.ts';

/** A session without a password, over whichever generation of SMB. All of it but `logOff` throws ConversationEnded. */
export interface ShareSession {
  /** `path`: `\\host\share`. */
  connect(path: string): Promise<ConnectedShare | Refused>;
  logOff(): Promise<void>;
}

export interface ConnectedShare {
  readonly kind: 'connected';
  /** A disk share whose answers need no encryption, so that a session without a key is told the truth. */
  readonly isPlainDisk: boolean;
  /** Do the rights that the server computes for this session include writing. */
  readonly mayWrite: Answer;
  /** Opens the root for reading, and closes it again. 0, or the status of the refusal. */
  openRoot(): Promise<number>;
  /** Opens the pipe of that name, without a path. */
  openPipe(name: string): Promise<OpenPipe | Refused>;
  disconnect(): Promise<void>;
}

export interface OpenPipe {
  readonly kind: 'open';
  /** Writes `data`, and reads what the pipe answers at once; null: refused. */
  transact(data: Uint8Array): Promise<Uint8Array | null>;
  /** Reads more, at most `length` bytes; null: refused. */
  read(length: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** The rights to ask for on a named pipe: what clients ask for, and all that Samba grants to an anonymous session. */
export const PIPE_ACCESS = 0x0012019f;
