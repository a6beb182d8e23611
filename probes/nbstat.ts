import type { NodeStatusObservation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import {
  askConnected,
  type DatagramOutcome,
  type Letter,
  type PostingDesk,
  type Question,
} from './transport/udp.ts';
import { decodeNodeStatusResponse, encodeNodeStatusRequest, type NodeStatusResponse } from './wire/nbns.ts';
import { DecodeError } from './wire/reader.ts';

/*
 * Which NetBIOS names does the host hold, and does it have a name service at all?
 *
 * 1. One node status request for the wildcard name to UDP 137, from an ephemeral port (answers to port 137 only, as
 *    Windows 95 gives them, stay unseen). To an unknown address this datagram also makes the kernel look for it.
 * 2. Once the host has shown a sign of life, one repeat over a connected socket: only there is a refusal by ICMP seen.
 * It stops there. Silence says nothing; unicast only, never to a broadcast address.
 * RFC 1002 §4.2.17 and §4.2.18.
 */

const QUICK_TRY_MS = 400;
const SLOW_TRY_MS = 1_000;
/** A host that has not appeared by then is not there: three ARP requests have gone unanswered. */
const LISTEN_MS = 3_000;
const REQUEST_BYTES = 50;

/** What it takes to put the question. */
interface PostContext extends Pick<ProbeContext, 'address' | 'ports' | 'random'> {
  readonly desk: PostingDesk;
}

/** `post` puts the first question alone; whoever does so hands the letter to the run that follows, and counts it. */
export const nodeStatus: Probe<NodeStatusObservation> & {
  readonly post: (context: PostContext) => Letter;
} = {
  name: 'node-status',
  asks: 'Which NetBIOS names do you hold?',
  level: 'L1',
  transport: 'udp',
  port: 'nameService',
  bytesAtMost: 2 * REQUEST_BYTES,
  run: askNodeStatus,
  post: postQuestion,
};

async function askNodeStatus(context: ProbeContext): Promise<Outcome<NodeStatusObservation>> {
  const { address, desk, letter, meter, signal, ports, random } = context;
  const tryMs = (): number => (context.patience.isQuick() ? QUICK_TRY_MS : SLOW_TRY_MS);
  const withinMs = (): number => (context.isAlive() ? tryMs() : LISTEN_MS);
  if (letter !== undefined) meter.countDatagram(ports.nameService, letter.bytes);
  const first = newQuestion(random);
  const reply = await (letter?.reply({ withinMs, signal }) ??
    desk.ask(address, ports.nameService, first.datagram, {
      matches: first.matches,
      withinMs,
      signal,
      meter,
    }));
  if (reply.kind !== 'silent' || !context.isAlive()) return toOutcome(reply);
  const again = newQuestion(random);
  const options = { matches: again.matches, withinMs: tryMs(), signal, meter };
  return toOutcome(await askConnected(address, ports.nameService, again.datagram, options));
}

function postQuestion({ address, desk, ports, random }: PostContext): Letter {
  return desk.post(address, ports.nameService, newQuestion(random));
}

/** A request with an id of its own, and the test for replies to it. */
function newQuestion(random: ProbeContext['random']): Question {
  const [high = 0, low = 0] = random(2);
  return {
    datagram: encodeNodeStatusRequest({ transactionId: high * 256 + low }),
    matches: (reply) =>
      reply.length >= 12 && reply[0] === high && reply[1] === low && ((reply[2] ?? 0) & 0x80) !== 0,
  };
}

function toOutcome(reply: DatagramOutcome): Outcome<NodeStatusObservation> {
  if (reply.kind !== 'answered') return reply;
  try {
    return {
      kind: 'answered',
      seen: toObservation(decodeNodeStatusResponse(reply.datagram)),
      connection: null,
    };
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}

function toObservation({ names, unitId }: NodeStatusResponse): NodeStatusObservation {
  const told = unitId?.some((byte) => byte !== 0) ?? false;
  return {
    kind: 'node-status',
    names: names.map(({ name, suffix, group }) => ({ name, suffix, group })),
    unitId:
      told && unitId !== null
        ? [...unitId].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
        : null,
  };
}
