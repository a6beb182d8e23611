import type { EncryptionRequiredObservation, GuestObservation } from '../domain/observation.ts';
import { outcomeOf } from './conversation.ts';
import { NO_PASSWORD, ntlmv2Response } from './ntlm-response.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { BYTES_OF_A_SESSION, sharesGiven } from './share-access.ts';
import { Smb2Session } from './smb2-session.ts';
import { decodeChallengeToAnswer, encodeUserAuthenticateMessage } from './wire/ntlm-authenticate.ts';
import { SMB2_SESSION_FLAG } from './wire/smb2-session-setup.ts';

/*
 * What does the server give to a user whom it cannot know? Put only where the owner has asked for it.
 *
 * 1. One session setup under a made-up name with an empty password, on a connection of its own. Refused: that is the
 *    answer. Accepted, but everything has to be encrypted: for that a guest has no key, and nothing more is known.
 * 2. SessionFlags tell as whom the server sees us: as nobody, and then the anonymous session has shown already what that
 *    is worth; as a guest, or, where no flag is set, as the user who does not exist.
 * 3. The list of shares, and one open of the root of each disk share for reading (share-access.ts).
 * 4. Logoff, FIN.
 * It stops there: one name, one attempt, and the day's only one, which is not this probe's to see to. The name is never
 * that of an account that machines have. [MS-SMB2] 2.2.6, 3.3.5.5.3, [MS-NLMP] 3.1.5.1.2, 3.3.2.
 */

const CHALLENGE_BYTES = 8;
const NAME_BYTES = 6;
/** The logon holds a name, a proof and the AV pairs that the server sent: bytes more than an anonymous one has. */
const BYTES_OF_A_PROOF = 3_000;

type Seen = GuestObservation | EncryptionRequiredObservation;

export const smbGuest: Probe<Seen> = {
  name: 'smb-guest',
  asks: 'What do you give to a user who does not exist?',
  level: 'L4',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: BYTES_OF_A_SESSION + BYTES_OF_A_PROOF,
  run: askAsStranger,
};

function askAsStranger(context: ProbeContext): Promise<Outcome<Seen>> {
  return outcomeOf(async () => {
    const logon = await Smb2Session.logOn(context, (challenge) => logonOfStranger(challenge, context));
    if (logon.kind === 'refused') return answered({ kind: 'guest', session: 'no', shares: null });
    if (logon.kind === 'encrypted') return answered({ kind: 'encryption-required' });
    const { session, sessionFlags } = logon;
    const isNobody = (sessionFlags & SMB2_SESSION_FLAG.SMB2_SESSION_FLAG_IS_NULL) !== 0;
    const shares = isNobody ? null : await sharesGiven(session, context);
    await session.logOff();
    return answered({ kind: 'guest', session: isNobody ? 'no' : 'yes', shares });
  });
}

function answered(seen: Seen): Outcome<Seen> {
  return { kind: 'answered', seen, connection: null };
}

function logonOfStranger(bytes: Uint8Array, { random }: ProbeContext): Uint8Array {
  const { flags, serverChallenge, targetInfo, timestamp } = decodeChallengeToAnswer(bytes);
  const userName = nameOfNobody(random(NAME_BYTES));
  const ntChallengeResponse = ntlmv2Response({
    userName,
    domainName: '',
    ntHash: NO_PASSWORD,
    serverChallenge,
    challengeFromClient: random(CHALLENGE_BYTES),
    // Servers that tell no time (ksmbd) are not known to look at ours.
    timestamp: timestamp ?? 0n,
    targetInfo,
  });
  return encodeUserAuthenticateMessage({ challengeFlags: flags, userName, ntChallengeResponse });
}

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aeio';

/** `tavomire42`: four syllables and two digits, one of 1.7 thousand million, so that nobody has it. */
function nameOfNobody(bytes: Uint8Array): string {
  const syllables = [...bytes.slice(0, 4)].map(
    (byte) => `${CONSONANTS[byte % CONSONANTS.length]}${VOWELS[(byte >> 4) % VOWELS.length]}`,
  );
  const digits = [...bytes.slice(4)].map((byte) => byte % 10);
  return [...syllables, ...digits].join('');
}
