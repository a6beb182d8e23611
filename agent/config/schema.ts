import * as v from 'valibot';
import { parseDayWindow } from '../../domain/day-window.ts';
import { SEVERITIES } from '../../domain/finding.ts';
import { expandTargets, parseTarget, TargetError } from '../../domain/target.ts';
import { expectation, ownersHosts, severityOverrides } from './schema-hosts.ts';
import { mqtt } from './schema-mqtt.ts';
import { duration, KEYS_AND_VALUES, oneOf, port, section, wholeNumber, yesOrNo } from './schema-parts.ts';

/**
 * The configuration: every key, what it may hold and what it is when it is not there. The message of a check is a whole
 * sentence; any other message says what is allowed, and mistakes.ts adds path, line and what was found. The reference
 * (reference.ts) explains each key to the owner.
 */
export function configSchema(isCronPattern: (pattern: string) => boolean) {
  return v.pipe(
    v.strictObject({
      targets: v.optional(v.nullable(v.array(target(), LIST_OF_TARGETS)), null),
      exclude: v.optional(v.array(target(), LIST_OF_TARGETS), []),
      force: v.optional(yesOrNo(), false),
      schedule: v.optional(v.nullable(cronPattern(isCronPattern)), null),
      sweepInterval: v.optional(wholeNumber(5, 1440, 'minutes'), 15),
      levels: section({
        deepest: v.optional(oneOf(['L1', 'L2', 'L3', 'L4']), 'L4'),
        smb1Check: v.optional(yesOrNo(), true),
        smb1Every: v.optional(duration('1h', '30d'), '1d'),
        guestTest: v.optional(yesOrNo(), false),
        ms17010: v.optional(yesOrNo(), false),
      }),
      pace: v.optional(oneOf(['gentle', 'normal', 'fast']), 'normal'),
      hosts: ownersHosts(),
      expect: expectation(),
      severity: severityOverrides(),
      ipv6: v.optional(yesOrNo(), true),
      ports: section({ extra: v.optional(extraPorts(), []), map: portMap() }),
      alertThreshold: v.optional(oneOf(SEVERITIES), 'medium'),
      quietHours: v.optional(v.array(weekWindow(), LIST_OF_WINDOWS), []),
      maintenance: v.optional(v.array(weekWindow(), LIST_OF_WINDOWS), []),
      retention: section({
        changes: v.optional(duration('30d', '3650d'), '730d'),
        sweeps: v.optional(duration('1d', '3650d'), '90d'),
        ledger: v.optional(duration('1d', '3650d'), '90d'),
        commands: v.optional(duration('30d', '3650d'), '365d'),
      }),
      quota: v.optional(wholeNumber(10, 10_000, 'megabytes'), 200),
      agent: section({ id: v.optional(v.nullable(agentId()), null) }),
      language: v.optional(oneOf(['en']), 'en'),
      mqtt: mqtt(),
      log: section({
        level: v.optional(oneOf(['debug', 'info', 'warn', 'error']), 'info'),
        format: v.optional(oneOf(['auto', 'text', 'json', 'journal']), 'auto'),
      }),
    }),
    v.forward(
      v.partialCheck(
        [['targets'], ['force']],
        ({ targets, force }) => targets === null || force || tooMany(targets) === null,
        (issue) => tooMany((issue.input as { targets: readonly string[] }).targets) ?? '',
      ),
      ['targets'],
    ),
  );
}

/** Keys that the documentation of later versions names, and that this version does not know. */
export const NOT_BUILT_YET: readonly string[] = ['updateCheck', 'canary'];

const LIST_OF_TARGETS = 'a list of subnets (192.168.1.0/24), ranges (192.168.1.10-40) or addresses';

function target() {
  return v.pipe(
    v.string(LIST_OF_TARGETS),
    v.check(
      (text) => targetMistake(text) === null,
      (issue) => targetMistake(String(issue.input)) ?? '',
    ),
  );
}

function targetMistake(text: string): string | null {
  return messageOf(() => parseTarget(text));
}

function tooMany(targets: readonly string[]): string | null {
  if (targets.some((text) => targetMistake(text) !== null)) return null;
  return messageOf(() =>
    expandTargets(targets.map(parseTarget), { exclude: [], attached: [], ownAddresses: [], force: false }),
  );
}

function messageOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof TargetError) return error.message;
    throw error;
  }
}

function cronPattern(isCronPattern: (pattern: string) => boolean) {
  const allowed = 'a cron pattern of five fields such as "30 3 * * *" (minute hour day month weekday)';
  return v.pipe(
    v.string(allowed),
    v.regex(/^\S+(\s+\S+){4}$/, allowed),
    v.check(
      (pattern) => isCronPattern(pattern),
      (issue) => `${JSON.stringify(issue.input)} is not a cron pattern; write ${allowed}`,
    ),
  );
}

function portMap() {
  return v.optional(
    v.pipe(
      v.strictObject(
        {
          smb: v.optional(port(), 445),
          'netbios-session': v.optional(port(), 139),
          'netbios-name-service': v.optional(port(), 137),
          'rpc-endpoint-mapper': v.optional(port(), 135),
        },
        KEYS_AND_VALUES,
      ),
      v.check(
        (map) => new Set([map.smb, map['netbios-session'], map['rpc-endpoint-mapper']]).size === 3,
        'smb, netbios-session and rpc-endpoint-mapper each need a TCP port of their own',
      ),
    ),
    {},
  );
}

function extraPorts() {
  return v.pipe(
    v.array(port(), 'a list of TCP port numbers'),
    v.maxLength(16, 'at most 16 extra ports: small devices do not like to be knocked at'),
  );
}

function agentId() {
  const allowed = 'at most 32 lower-case letters, digits and _: the id is part of topics and entity ids';
  return v.pipe(v.string(allowed), v.regex(/^[a-z0-9_]{1,32}$/, allowed));
}

const LIST_OF_WINDOWS = 'a list of times such as ["22:00-07:00", "sat 02:00-04:00", "mon-fri 09:00-17:00"]';

function weekWindow() {
  const allowed =
    'a time such as "22:00-07:00", "sat 02:00-04:00" or "mon-fri 09:00-17:00", local, in quotes';
  return v.pipe(
    v.string(allowed),
    v.check(
      (text) => parseDayWindow(text) !== null,
      (issue) => `found ${JSON.stringify(issue.input)}; allowed: ${allowed}`,
    ),
  );
}
