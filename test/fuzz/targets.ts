import { pduLength } from '../../probes/wire/dcerpc-bind.ts';
import { directTcpFrameLength, sessionFrameLength, wrapMessage } from '../../probes/wire/nbss.ts';
import { DECODERS, messageOf } from '../probes/wire/decoders.ts';
import { fixtureNames, readFixture } from '../support/hex-file.ts';

/** What is fuzzed: one decoder, and the messages that its inputs are mutated from. */
export interface FuzzTarget {
  readonly name: string;
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly corpus: readonly Uint8Array[];
}

const FIXTURES = fixtureNames().map((name) => ({ message: messageOf(name), bytes: readFixture(name).bytes }));
const MESSAGES = FIXTURES.map(({ bytes }) => bytes);
const FRAMES = MESSAGES.map((bytes) => wrapMessage(bytes));

/** Every decoder of probes/wire, with its own fixtures as the corpus; frame lengths are read in all of them. */
export const TARGETS: readonly FuzzTarget[] = [
  ...Object.entries(DECODERS).map(([name, decode]) => ({
    name,
    decode,
    corpus: FIXTURES.filter(({ message }) => message === name).map(({ bytes }) => bytes),
  })),
  { name: 'frame-length-139', decode: sessionFrameLength, corpus: FRAMES },
  { name: 'frame-length-445', decode: directTcpFrameLength, corpus: FRAMES },
  { name: 'dcerpc-pdu-length', decode: pduLength, corpus: MESSAGES },
];
