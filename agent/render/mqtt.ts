import { visible } from '../../domain/text.ts';
import type { Tended } from '../commands/context.ts';
import type { Trial, TrialStep } from '../publish/publisher.ts';
import { count } from './text.ts';

/** How `mqtt test`, `mqtt republish` and `mqtt remove-all` went. */

const SCHEMA = 1;

const STEPS: readonly { readonly step: TrialStep['step']; readonly what: string; readonly tells: string }[] =
  [
    { step: 'reach', what: 'connection', tells: 'the broker is there' },
    { step: 'login', what: 'login', tells: 'accepted' },
    { step: 'subscribe', what: 'subscription', tells: 'granted' },
    { step: 'publish', what: 'test alert', tells: 'acknowledged' },
    { step: 'return', what: 'round trip', tells: 'the alert came back' },
  ];

/** One line a step; those that were not reached say so. */
export function trialText({ broker, username, protocolVersion, steps }: Trial): string {
  const as = username === null ? 'without a user name' : `as ${visible(username)}`;
  const version = protocolVersion === null ? '' : `, MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`;
  const lines = STEPS.map(({ step, what, tells }) => {
    const taken = steps.find((each) => each.step === step);
    return `  ${what.padEnd(14)}${taken === undefined ? 'not tried' : outcomeText(taken, tells)}`;
  });
  const cameBack = steps.some(({ step, error }) => step === 'return' && error === null);
  const next = cameBack
    ? 'Home Assistant shows it as Security event of the device smbwarden; automations on new findings run.'
    : 'The alert did not come back.';
  return [`${visible(broker)} ${as}${version}`, ...lines, next].join('\n');
}

function outcomeText({ error, tookMs }: TrialStep, tells: string): string {
  return error === null ? `${tells} (${tookMs} ms)` : `failed after ${tookMs} ms: ${visible(error)}`;
}

/** `mqtt test --json`. */
export function trialJson({ broker, username, protocolVersion, steps }: Trial): object {
  const ok = steps.every(({ error }) => error === null);
  return { schema: SCHEMA, ok, broker, username, protocolVersion, steps };
}

/** What was done, and what is still to be. */
export function tendedText(command: 'republish' | 'remove-all', tended: Tended): string {
  const { settled, retained, byDaemon, link } = tended;
  const broker = visible(link.broker ?? 'the broker');
  const topics = count(retained, 'topic');
  if (!settled) {
    const why = visible(link.lastError ?? 'it did not acknowledge everything in time');
    return `${broker}: ${why}\n${byDaemon ? 'The daemon goes on with it when it is connected.' : 'Try again when it is there.'}`;
  }
  if (command === 'republish') return `${broker} was sent ${topics} again`;
  if (retained > 0)
    return `${broker} keeps ${topics} until Home Assistant is back; ${byDaemon ? 'the daemon clears them then' : 'try again when it is'}`;
  return byDaemon
    ? `${broker} keeps nothing of this smbwarden until the daemon starts anew, or "smbwarden mqtt republish"`
    : `${broker} keeps nothing of this smbwarden`;
}

/** `mqtt republish --json` and `mqtt remove-all --json`. `retained`: topics that the broker holds now. */
export function tendedJson({ settled, retained, byDaemon, link }: Tended): object {
  return { schema: SCHEMA, settled, retained, daemon: byDaemon, broker: link.broker, error: link.lastError };
}
