import * as v from 'valibot';
import type { SmbFloor } from '../../domain/expectation.ts';
import { RULE_IDS, type RuleId, SEVERITIES } from '../../domain/finding.ts';
import { LEVELS } from '../../domain/level.ts';
import { hostKey } from '../../domain/owners-hosts.ts';
import { isDayWindow } from '../../domain/sleep.ts';
import { KEYS_AND_VALUES, oneOf, port, shortText, wholeNumber } from './schema-parts.ts';

/** One entry of `hosts`. Each key is one line, and a member of `OwnersEntry`. */
function ownersHost() {
  return v.strictObject(
    {
      name: v.optional(v.nullable(shortText('a name of at most 64 characters', 64)), null),
      note: v.optional(v.nullable(shortText('a note of at most 500 characters', 500)), null),
      letSleep: v.optional(letSleep(), false),
      levels: v.optional(v.nullable(oneOf(LEVELS)), null),
      expect: expectation(),
      severity: severityOverrides(),
    },
    KEYS_AND_VALUES,
  );
}

/** `hosts`: what the owner says of single hosts. */
export function ownersHosts() {
  const allowed =
    'a host id (h001132aabbcc), a MAC (00:11:32:aa:bb:cc), an address (192.168.1.21) or a name that the host tells (NAS)';
  return v.optional(
    v.pipe(
      v.record(
        v.pipe(
          v.string(),
          v.check((key) => hostKey(key) !== null, `no host; write ${allowed}`),
        ),
        ownersHost(),
      ),
      v.rawCheck(({ dataset, addIssue }) => {
        const input = Object(dataset.value) as Record<string, unknown>;
        const written = new Map<string, string>();
        for (const key of Object.keys(input)) {
          const earlier = written.get(hostKey(key) ?? key);
          written.set(hostKey(key) ?? key, earlier ?? key);
          if (earlier === undefined) continue;
          const message = `the same host as "${earlier}"; write one entry with the keys of both`;
          addIssue({ message, path: [{ type: 'object', origin: 'key', input, key, value: key }] });
        }
      }),
    ),
    {},
  );
}

/** What a host should be. `no` and `false` mean the same. */
export function expectation() {
  return v.optional(
    v.strictObject(
      {
        smb: v.optional(v.nullable(smbFloor()), null),
        signing: v.optional(v.nullable(oneOf(['required'])), null),
        encryption: v.optional(v.nullable(oneOf(['required', 'supported'])), null),
        smb1: v.optional(v.nullable(declaredNo()), null),
        guest: v.optional(v.nullable(declaredNo()), null),
        netbios: v.optional(v.nullable(declaredNo()), null),
        ports: v.optional(v.nullable(v.array(port(), 'a list of the TCP ports that may be open')), null),
      },
      KEYS_AND_VALUES,
    ),
    {},
  );
}

function smbFloor() {
  const allowed = `no, or the oldest dialect that may be spoken: ${SMB_FLOORS.map((floor) => `"${floor}"`).join(', ')}`;
  return v.pipe(
    v.union([v.literal(false), v.string()], allowed),
    v.check(
      (text) => text === false || text === 'no' || SMB_FLOORS.some((floor) => floor === text),
      (issue) => `found ${JSON.stringify(issue.input)}; allowed: ${allowed}`,
    ),
    v.transform((text): SmbFloor | 'no' => SMB_FLOORS.find((floor) => floor === text) ?? 'no'),
  );
}

const SMB_FLOORS: readonly SmbFloor[] = ['>=2.0.2', '>=2.1', '>=3.0', '>=3.0.2', '>=3.1.1'];

function declaredNo() {
  return v.pipe(
    v.union([v.literal(false), v.literal('no')], 'no (or false): only that can be declared'),
    v.transform((): false => false),
  );
}

/** Severities by rule, in place of those of docs/findings.md. */
export function severityOverrides() {
  const severity = v.optional(oneOf([...SEVERITIES, 'off']));
  const entries = Object.fromEntries(RULE_IDS.map((rule) => [rule, severity])) as Record<
    RuleId,
    typeof severity
  >;
  return v.optional(v.strictObject(entries, 'rules with a severity, or off'), {});
}

/** Lazy, so that a mistake within the budget is told of its own key. */
function letSleep() {
  const allowed = 'true, false, or looks such as {timesADay: 2, between: "19:00-23:00"}';
  const budget = v.strictObject(
    { timesADay: wholeNumber(1, 24, 'looks a day'), between: dayWindow() },
    'timesADay and between',
  );
  const yesNoOrBudget: v.GenericSchema<boolean | v.InferOutput<typeof budget>> = v.lazy((input) =>
    typeof input === 'object' && input !== null ? budget : v.boolean(allowed),
  );
  return yesNoOrBudget;
}

function dayWindow() {
  const allowed = 'a part of the day in local time such as "19:00-23:00", in quotes';
  return v.pipe(
    v.string(allowed),
    v.check(isDayWindow, (issue) => `found ${JSON.stringify(issue.input)}; allowed: ${allowed}`),
  );
}
