import * as v from 'valibot';
import { parseDuration } from '../../domain/duration.ts';
import { didYouMean } from './spelling.ts';

/** What keys of the configuration may hold; see schema.ts for how messages are worded. */

/** Ports on which any byte is a print job (docs/probing.md); never connected to, whatever is configured. */
const PRINT_PORT = /^(515|910[0-9]|911[0-6]|9999)$/;

export function port() {
  return v.pipe(
    wholeNumber(1, 65_535, ''),
    v.check(
      (number) => !PRINT_PORT.test(String(number)),
      (issue) =>
        `${issue.input} is a raw-print port: smbwarden never connects to it, because any byte is printed`,
    ),
  );
}

export function absolutePath() {
  const allowed = 'an absolute path such as /etc/smbwarden/mqtt-password';
  return v.pipe(v.string(allowed), v.startsWith('/', allowed));
}

export function someText(allowed: string) {
  return v.pipe(v.string(`${allowed}, in quotes where it looks like a number`), v.nonEmpty(allowed));
}

export function shortText(allowed: string, longest: number) {
  return v.pipe(someText(allowed), v.maxLength(longest, allowed));
}

/** A duration is written `12h` and held in milliseconds. */
export function duration(shortest: string, longest: string) {
  const allowed = `a duration from ${shortest} to ${longest}: a whole number and m, h, d or w`;
  const [least, most] = [parseDuration(shortest) ?? 0, parseDuration(longest) ?? 0];
  const isAllowed = (text: string) => {
    const milliseconds = parseDuration(text);
    return milliseconds !== null && least <= milliseconds && milliseconds <= most;
  };
  return v.pipe(
    v.string(allowed),
    v.check(isAllowed, (issue) => `found ${JSON.stringify(issue.input)}; allowed: ${allowed}`),
    v.transform((text) => parseDuration(text) ?? least),
  );
}

export function wholeNumber(least: number, most: number, unit: string) {
  const allowed = `a whole number from ${least} to ${most}${unit === '' ? '' : ` (${unit})`}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
}

export function oneOf<const Words extends readonly string[]>(words: Words) {
  const allowed = words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`;
  return v.picklist(words, (issue) =>
    typeof issue.input === 'string' ? `${allowed}${didYouMean(issue.input, words)}` : allowed,
  );
}

export function yesOrNo() {
  return v.boolean('true or false');
}

export const KEYS_AND_VALUES = 'keys with values, indented below it';

/** A group of keys; absent, it holds the defaults of all of them. */
export function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const object = v.strictObject(entries, KEYS_AND_VALUES);
  return v.optional(object, {} as v.InferInput<typeof object>);
}
