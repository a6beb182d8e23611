import type { CiphersObservation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { CIPHER_NAMES, negotiateSmb2, selectedCipher } from './smb2-offer.ts';

/*
 * Which ciphers does the server accept at 3.1.1?
 *
 * 1. The one that it selects of all is known from the negotiate of this visit, where there was one; else it is asked for.
 * 2. 3.1.1 offered without those it has selected so far, on a fresh connection each time, until it selects none.
 * One answer is never the set. It stops before SESSION_SETUP. [MS-SMB2] 2.2.3.1.2, 3.3.5.4.
 */

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
  const ciphers = context.bestCipher === null ? [] : [context.bestCipher];
  let left = [...CIPHER_NAMES].filter(([, name]) => !ciphers.includes(name)).map(([id]) => id);
  while (left.length > 0) {
    const reply = await negotiateSmb2(context, { dialects: ['3.1.1'], ciphers: left });
    if (reply.kind !== 'selected') return reply;
    const cipher = selectedCipher(reply.response);
    if (cipher === 0) break;
    const name = CIPHER_NAMES.get(cipher);
    if (name === undefined || !left.includes(cipher))
      return { kind: 'malformed', why: `cipher ${cipher} was not offered` };
    ciphers.push(name);
    left = left.filter((each) => each !== cipher);
  }
  return { kind: 'answered', seen: { kind: 'ciphers', ciphers }, connection: null };
}
