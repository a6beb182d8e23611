import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { DaemonStatus } from '../agent/commands/context.ts';
import type { Verdict } from '../agent/doctor/check.ts';
import { type AgentStatus, TRIAL_STEPS } from '../agent/publish/publisher.ts';
import { PLATFORMS } from '../domain/advice.ts';
import { CHANGE_TYPES } from '../domain/change.ts';
import { DIALECTS, type ServiceState } from '../domain/facts.ts';
import { type FindingState, RULE_IDS, SEVERITIES } from '../domain/finding.ts';
import { LEVELS } from '../domain/level.ts';
import { RESETTABLE } from '../domain/owner-command.ts';
import { WHAT_IF_CHANGES } from '../domain/what-if.ts';
import { runCommand } from './support/command-line.ts';
import { SAMPLE_TIME } from './support/samples.ts';
import { storyStorage } from './support/story.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

/** The schemas of what `--json` prints accept what it prints, and nothing that differs from it by one key or value. */

const SCHEMAS = new URL('../schemas/', import.meta.url);
const GOLDEN = new URL('golden/cli/', import.meta.url);

/** Which schema each golden document obeys, written out by hand. */
const SCHEMA_OF: Readonly<Record<string, string>> = {
  'ack-host.json': 'ack',
  'ack.json': 'ack',
  'check.json': 'check',
  'config-reset.json': 'config-reset',
  'config-show.json': 'config-show',
  'db-backup.json': 'db-backup',
  'db-check-damaged.json': 'db-check',
  'db-check.json': 'db-check',
  'db-restore.json': 'db-restore',
  'db-vacuum.json': 'db-vacuum',
  'diff-between.json': 'diff',
  'diff-none.json': 'diff',
  'diff.json': 'diff',
  'doctor-host-absent.json': 'doctor',
  'doctor-host-filtered.json': 'doctor',
  'doctor-host.json': 'doctor',
  'doctor-ill.json': 'doctor',
  'doctor-wrong-config.json': 'doctor',
  'doctor.json': 'doctor',
  'explain-smb1-enabled.json': 'explain',
  'explain.json': 'explain-rules',
  'export-changes.json': 'export',
  'export-findings.json': 'export',
  'export-hosts.json': 'export',
  'export-services.json': 'export',
  'export-sweeps.json': 'export',
  'finding.json': 'finding',
  'findings-all.json': 'findings',
  'findings.json': 'findings',
  'forget.json': 'forget',
  'history.json': 'history',
  'host-history.json': 'host',
  'host.json': 'host',
  'hosts.json': 'hosts',
  'ignore.json': 'ignore',
  'ledger.json': 'ledger',
  'mqtt-remove-all-waits.json': 'mqtt-retained',
  'mqtt-remove-all.json': 'mqtt-retained',
  'mqtt-republish-away.json': 'mqtt-retained',
  'mqtt-republish.json': 'mqtt-retained',
  'mqtt-test-lost.json': 'mqtt-test',
  'mqtt-test-refused.json': 'mqtt-test',
  'mqtt-test.json': 'mqtt-test',
  'pause.json': 'pause',
  'quarantine-lift.json': 'quarantine-lift',
  'quarantine.json': 'quarantine',
  'resume.json': 'pause',
  'since-address.json': 'since',
  'since-guest.json': 'since',
  'since-port.json': 'since',
  'since-present.json': 'since',
  'since-rule.json': 'since',
  'since-shares.json': 'since',
  'since-signing.json': 'since',
  'since-smb1.json': 'since',
  'status.json': 'status',
  'story-finding.json': 'finding',
  'story-history.json': 'history',
  'story-host-history.json': 'host',
  'sweep-dry-run.json': 'sweep-dry-run',
  'sweep.json': 'sweep',
  'unack.json': 'ack',
  'unignore.json': 'ignore',
  'what-if-encryption-required.json': 'what-if',
  'what-if-no-netbios.json': 'what-if',
  'what-if-signing-required.json': 'what-if',
  'what-if-smb1-off.json': 'what-if',
};

/** What may be missing, as the mutations name it; everything else is required. */
const OPTIONAL = new RegExp(
  [
    'doctor: \\.host',
    'status: \\.mqtt\\.quarantined',
    'host: \\.changes',
    'export: \\.(hosts|findings|changes|services|sweeps)',
    'config-show: \\.config\\.hosts\\.[^ ]+\\.severity\\.[a-z0-9-]+',
    'config-show: \\.config\\.hosts\\.[a-z0-9]+(\\.[0-9]+){0,3}',
    'config-show: \\.config\\.severity\\.[a-z0-9-]+',
  ]
    .map((place) => `^${place} \\(missing\\)$`)
    .join('|'),
);

/** Commands whose document no golden file holds, or not with everything that may be in it. */
const PRINTED: readonly { readonly command: string; readonly schema: string }[] = [
  { command: 'version', schema: 'version' },
  { command: 'config check', schema: 'config-check' },
  { command: 'config show', schema: 'config-show' },
  { command: 'status', schema: 'status' },
  { command: 'export', schema: 'export' },
  ...RULE_IDS.map((rule) => ({ command: `explain ${rule}`, schema: 'explain' })),
];

/** Most keys hold something else than their default. */
const CONFIG = `
targets: [192.168.1.0/24]
exclude: [192.168.1.9]
schedule: "30 3 * * *"
levels: { deepest: L3, smb1Every: 12h }
hosts:
  h001132aabbcc: { name: nas, note: in the cellar, levels: L2, expect: { smb: ">=3.0", ports: [445] } }
  192.168.1.9: { letSleep: true, severity: { smb1-enabled: off } }
  192.168.1.40: { letSleep: { timesADay: 2, between: "19:00-23:00" } }
expect: { smb: no, signing: required, encryption: supported, smb1: no, guest: false, netbios: no }
severity: { smb-null-session: high }
ports: { extra: [2049] }
quietHours: ["22:00-07:00"]
maintenance: ["sat 02:00-04:00"]
agent: { id: attic }
mqtt: { url: "mqtts://192.168.1.5", username: smbwarden, password: secret, ca: /etc/ssl/ca.pem, protocolVersion: 4 }
`;

/** A daemon that has trouble with its broker. */
const DAEMON: DaemonStatus = {
  version: '1.0.0',
  pid: 4321,
  status: 'degraded',
  problem: 'the broker is away',
  nextSweepAt: SAMPLE_TIME,
  mqtt: {
    configured: true,
    connected: false,
    broker: 'mqtts://192.168.1.5:8883',
    lastError: 'connect ECONNREFUSED 192.168.1.5:8883',
    outboxSize: 3,
    quarantined: 1,
  },
};

/** Unions of the program, spelt out so that the compiler notices when one of them grows. */
const FINDING_STATES: Record<FindingState, 0> = { open: 0, acknowledged: 0, resolved: 0 };
const SERVICE_STATES: Record<ServiceState, 0> = { open: 0, closed: 0, filtered: 0, rejected: 0, unknown: 0 };
const AGENT_STATES: Record<AgentStatus, 0> = {
  starting: 0,
  idle: 0,
  sweeping: 0,
  paused: 0,
  degraded: 0,
  error: 0,
};
const VERDICTS: Record<Verdict, 0> = { ok: 0, warning: 0, fault: 0, unknown: 0 };

/** Lists that the program and the shared definitions both hold. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  severity: SEVERITIES,
  level: LEVELS,
  dialect: DIALECTS,
  rule: RULE_IDS,
  changeType: CHANGE_TYPES,
  findingState: Object.keys(FINDING_STATES),
  serviceState: Object.keys(SERVICE_STATES),
};

/** Lists that one schema alone holds. */
const LISTS_OF_ONE: Readonly<Record<string, readonly (string | null)[]>> = {
  explain: PLATFORMS,
  'what-if': WHAT_IF_CHANGES,
  'config-reset': RESETTABLE,
  'mqtt-test': TRIAL_STEPS,
  status: [...Object.keys(AGENT_STATES), null],
  doctor: Object.keys(VERDICTS),
};

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

interface Mutation {
  /** Path of what differs: `hosts.0.id`. */
  readonly at: string;
  readonly document: Json;
}

const documents = new Map(
  readdirSync(SCHEMAS).map((file) => [file.replace('.schema.json', ''), read(new URL(file, SCHEMAS))]),
);
const ajv = new Ajv2020({ strict: true, schemas: [...documents.values()] });

describe('the schemas of --json', () => {
  it('are one for each golden document, and none is left over', () => {
    const goldens = readdirSync(GOLDEN).filter((file) => file.endsWith('.json'));
    expect(Object.keys(SCHEMA_OF).toSorted()).toEqual(goldens.toSorted());
    const used = [
      ...Object.values(SCHEMA_OF),
      ...PRINTED.map(({ schema }) => schema),
      'report',
      'export-line',
    ];
    expect([...new Set(used), 'definitions'].toSorted()).toEqual([...documents.keys()].toSorted());
  });

  it('are JSON Schemas of 2020-12, each under the name of its file', () => {
    for (const [name, schema] of documents) {
      expect(ajv.validateSchema(schema), name).toBe(true);
      expect(schema.$schema, name).toBe('https://json-schema.org/draft/2020-12/schema');
      expect(String(schema.$id).endsWith(`/schemas/${name}.schema.json`), name).toBe(true);
    }
  });

  it.each(Object.entries(SCHEMA_OF))('accept %s, and refuse it altered (%s)', (file, schema) => {
    expectExact(schema, read(new URL(file, GOLDEN)));
  });

  it.each(PRINTED)('accept what "$command" prints, and refuse it altered', async ({ command, schema }) => {
    const parts = { config: CONFIG, storage: storyStorage, daemonStatus: async () => DAEMON };
    const { out } = await runCommand([...command.split(' '), '--json'], parts);
    expectExact(schema, JSON.parse(out) as Json);
  });

  it('accept what "report" prints, and refuse it altered', async () => {
    const file = join(temporaryDirectory(), 'report.html');
    const { out } = await runCommand(['report', '--output', file, '--json'], { storage: storyStorage });
    expectExact('report', JSON.parse(out) as Json);
  });

  it('accept every line of NDJSON, and refuse one that says it is something else', async () => {
    const { out } = await runCommand(['export', '--format', 'ndjson'], { storage: storyStorage });
    const lines = out.trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as JsonObject);
    for (const what of ['hosts', 'findings', 'changes', 'services', 'sweeps']) {
      const one = records.findLast((record) => record.what === what) as JsonObject;
      expectExact('export-line', one);
      const misnamed = { ...one, what: what === 'hosts' ? 'sweeps' : 'hosts' };
      expect(mistakes('export-line', misnamed), what).not.toEqual([]);
    }
    expect(records.flatMap((record) => mistakes('export-line', record))).toEqual([]);
  });

  it('refuse a document of another version', () => {
    for (const [file, schema] of Object.entries(SCHEMA_OF)) {
      const golden = read(new URL(file, GOLDEN));
      expect(mistakes(schema, { ...golden, schema: 2 }), file).not.toEqual([]);
    }
  });
});

describe('the words that a schema allows', () => {
  it.each([
    ['"high"', '"huge"'],
    ['"state": "open"', '"state": "ajar"'],
    ['"smb1": "yes"', '"smb1": "perhaps"'],
    ['"smb2": "enabled"', '"smb2": "unheard"'],
    ['"level": "L4"', '"level": "L9"'],
    ['"transport": "tcp"', '"transport": "icmp"'],
    ['"port": 445', '"port": 65536'],
    ['"type": "finding_opened"', '"type": "finding_guessed"'],
    ['05.000Z"', '05+01:00"'],
  ])('are no others: a sweep with %s turned into %s is refused', (right, wrong) => {
    const golden = readFileSync(new URL('sweep.json', GOLDEN), 'utf8');
    expect(golden).toContain(right);
    expect(mistakes('sweep', JSON.parse(golden.replace(right, wrong)) as Json)).not.toEqual([]);
  });

  it('are those of the program: rules, severities, states and the like', () => {
    const { $defs } = documents.get('definitions') as { readonly $defs: Record<string, JsonObject> };
    for (const [name, words] of Object.entries(LISTS)) expect($defs[name]?.enum, name).toEqual(words);
    for (const [schema, words] of Object.entries(LISTS_OF_ONE))
      expect(JSON.stringify(documents.get(schema))).toContain(`"enum":${JSON.stringify(words)}`);
  });
});

/** The schema accepts the document, and refuses it with any key missing, any key too many, any value of another type. */
function expectExact(schema: string, document: Json): void {
  expect(mistakes(schema, document)).toEqual([]);
  const wrong = [...mutations(document)];
  const accepted = wrong.filter((each) => mistakes(schema, each.document).length === 0);
  expect(wrong.length).toBeGreaterThan(0);
  expect(accepted.map(({ at }) => `${schema}: ${at}`).filter((each) => !OPTIONAL.test(each))).toEqual([]);
}

function mistakes(schema: string, document: Json): readonly string[] {
  const validate = ajv.getSchema(String(documents.get(schema)?.$id));
  if (validate === undefined) throw new Error(`there is no schema ${schema}`);
  return validate(document)
    ? []
    : (validate.errors ?? []).map((each) => `${each.instancePath} ${each.message}`);
}

const OF_ANOTHER_TYPE = { surprise: { surprise: true } };

/** The document with one thing altered, in every way and at every place. */
function* mutations(value: Json, at = ''): Generator<Mutation> {
  if (at !== '') yield { at: `${at} (another type)`, document: OF_ANOTHER_TYPE };
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries())
      for (const { at: where, document } of mutations(each, `${at}.${index}`))
        yield { at: where, document: value.with(index, document) };
  } else if (isObject(value)) {
    yield { at: `${at} (one key more)`, document: { ...value, surprise: true } };
    for (const [key, each] of Object.entries(value)) {
      const { [key]: _gone, ...others } = value;
      yield { at: `${at}.${key} (missing)`, document: others };
      for (const { at: where, document } of mutations(each, `${at}.${key}`))
        yield { at: where, document: { ...value, [key]: document } };
    }
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function read(file: URL): JsonObject {
  return JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
}
