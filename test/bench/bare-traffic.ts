import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encodeNodeStatusRequest } from '../../probes/wire/nbns.ts';
import { encodeSessionRequest, wrapMessage } from '../../probes/wire/nbss.ts';
import { encodeSmb2NegotiateRequest, SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import type { Lab } from '../lab/build-lab.ts';

const PROGRAM = fileURLToPath(new URL('bare-traffic.mjs', import.meta.url));

/** A bare program for Node.js at the agent's station that exchanges with every host what an unchanged sweep does, and no more. */
export class BareTraffic {
  readonly #child: ChildProcess;
  readonly #answers: Interface;

  private constructor(child: ChildProcess, answers: Interface) {
    this.#child = child;
    this.#answers = answers;
  }

  /** `options` are Node's. @throws Error when it cannot be started. */
  static start(lab: Lab, options: readonly string[]): BareTraffic {
    const child = lab.agent.spawn(process.execPath, [...options, PROGRAM, JSON.stringify(trafficOf(lab))], {
      as: 'nobody',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new Error('no standard output');
    return new BareTraffic(child, createInterface({ input: child.stdout }));
  }

  /** One round; milliseconds that its threads have been on a processor. @throws Error when it has ended before. */
  async round(): Promise<number> {
    const answer = once(this.#answers, 'line', { signal: AbortSignal.timeout(60_000) });
    this.#child.stdin?.write('\n');
    return Number((await answer)[0]);
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }
}

function trafficOf(lab: Lab): object {
  const { address: own } = lab.agent;
  const subnet = own.slice(0, own.lastIndexOf('.') + 1);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const negotiate = encodeSmb2NegotiateRequest({
    dialects: Object.values(SMB2_DIALECT),
    clientGuid: new Uint8Array(16).fill(1),
    salt: new Uint8Array(32).fill(2),
  });
  return {
    addresses: Array.from({ length: 254 }, (_, i) => `${subnet}${i + 1}`).filter((each) => each !== own),
    hosts: lab.hosts.filter(({ member }) => member.samba !== undefined).map(({ address }) => address),
    datagram: hex(encodeNodeStatusRequest({ transactionId: 1 })),
    negotiate: hex(wrapMessage(negotiate)),
    sessionRequest: hex(encodeSessionRequest({ calledName: '*SMBSERVER', callingName: 'BENCH' })),
  };
}
