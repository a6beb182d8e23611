import type { CiphersObservation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { negotiateSmb2 } from './smb2-offer.ts';
import { CIPHER } from './wire/smb2-negotiate-contexts.ts';

/*
 * Which ciphers does the server accept at 3.1.1?
 *
 * 1. 3.1.1 offered with all ciphers: the server selects one.
 * 2. The same without those it has selected so far, on a fresh connection each time, until it selects none.
 * One answer is never the set. It stops before SESSION_SETUP. [MS-SMB2] 2.2.3.1.2, 3.3.5.4.
 */

const CIPHER_NAMES: ReadonlyMap<number, string> = new Map([
  [CIPHER.AES_128_CCM, 'AES-128-CCM'],
  [CIPHER.AES_128_GCM, 'AES-128-GCM'],
  [CIPHER.AES_256_CCM, 'AES-256-CCM'],
  [CIPHER.AES_256_GCM, 'AES-256-GCM'],
]);

export const smbCiphers: Probe<CiphersObservation> = {
  name: 'smb-ciphers',
  asks: 'Which ciphers do you accept?',
  level: 'L3',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 4 * (72 + 228),
  run: enumerate,
};

async function enumerate(context: ProbeContext): Promise<Outcome<CiphersObservation>> {
  const ciphers: string[] = [];
  let left = [...CIPHER_NAMES.keys()];
  while (left.length > 0) {
    const reply = await negotiateSmb2(context, { dialects: ['3.1.1'], ciphers: left });
    if (reply.kind !== 'selected') return reply;
    const [cipher = 0] = reply.response.contexts?.ciphers ?? [];
    if (cipher === 0) break;
    const name = CIPHER_NAMES.get(cipher);
    if (name === undefined || !left.includes(cipher))
      return { kind: 'malformed', why: `cipher ${cipher} was not offered` };
    ciphers.push(name);
    left = left.filter((each) => each !== cipher);
  }
  return { kind: 'answered', seen: { kind: 'ciphers', ciphers }, connection: null };
}
