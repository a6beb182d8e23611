import { createHash } from 'node:crypto';
import { plain } from '../../domain/text.ts';

/*
 * What the broker holds, against what the database holds. The database speaks through `--json`, so nothing of what
 * publishes is trusted to say what should have been published; docs/mqtt.md is the contract between the two. Text of
 * strangers is published without what could do harm, so `plain` is between them as well.
 */

interface FindingJson {
  readonly id: string;
  readonly rule: string;
  readonly severity: string;
  readonly title: string;
  readonly openedAt: string;
  readonly state: 'open' | 'acknowledged' | 'resolved';
}

export interface HostJson {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly mac: string | null;
  readonly present: boolean;
  readonly ignored: object | null;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly netbios: { readonly workgroup: string | null } | null;
  readonly smb: {
    readonly transports: readonly string[];
    readonly dialects: readonly string[];
    readonly smb1: string;
    readonly anonymous: { readonly shares: readonly { readonly name: string }[] | null };
  } | null;
  readonly findings: readonly FindingJson[];
}

interface StatusJson {
  readonly agent: { readonly id: string; readonly status: string | null };
  readonly lastSweep: { readonly finishedAt: string; readonly durationMs: number } | null;
  readonly nextSweepAt: string | null;
  readonly paused: object | null;
  readonly inForce: { readonly sweepInterval: number; readonly alertThreshold: string };
}

/** What the database holds: what the commands print, and what it believes to be in the broker. */
export interface DatabaseView {
  readonly hosts: readonly HostJson[];
  /** Of all hosts, resolved ones too. */
  readonly findings: readonly (FindingJson & { readonly hostId: string })[];
  readonly status: StatusJson;
  /** Hash of each retained payload, by topic. */
  readonly retained: ReadonlyMap<string, string>;
}

/** Payloads that a new subscriber is given, by topic. */
export type Retained = ReadonlyMap<string, string>;

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'];
/** `last_seen` alone is told at most this often. */
const LAST_SEEN_MAY_LAG_MS = 24 * 3600 * 1000;
const MOST_FINDINGS_LISTED = 25;
const MOST_SHARES_LISTED = 20;

/** One line for each difference; empty: there is none. */
export function driftOf(view: DatabaseView, retained: Retained): string[] {
  const topics = topicsFor(view);
  const wanted = [...topics.agent, ...devicesIn(view).flatMap(({ id }) => topics.ofHost(id))];
  return [
    ...wanted.filter((topic) => !retained.has(topic)).map((topic) => `${topic}: is missing in the broker`),
    ...[...retained.keys()]
      .filter((topic) => !wanted.includes(topic))
      .map((topic) => `${topic}: the broker holds it, and nothing in the database asks for it`),
    ...ledgerDrift(view, retained),
    ...payloadDrift(topics.state, retained, agentStateFor(view)),
    ...payloadDrift(topics.findings, retained, agentFindingsFor(view)),
    ...(retained.get(topics.availability) === 'online' ? [] : [`${topics.availability}: is not "online"`]),
    ...devicesIn(view).flatMap((host) => [
      ...payloadDrift(topics.hostState(host.id), retained, hostStateFor(host, view)),
      ...payloadDrift(topics.hostAttributes(host.id), retained, hostAttributesFor(host)),
    ]),
  ];
}

/** A host is a device once it has shown an exposure. */
function devicesIn({ hosts, findings }: DatabaseView): HostJson[] {
  const exposed = new Set(findings.map(({ hostId }) => hostId));
  return hosts.filter(({ id }) => exposed.has(id));
}

function topicsFor({ status }: DatabaseView) {
  const base = `smbwarden/${status.agent.id}`;
  const node = `homeassistant/device/smbwarden_${status.agent.id}`;
  const hostState = (id: string): string => `${base}/host/${id}/state`;
  const hostAttributes = (id: string): string => `${base}/host/${id}/attributes`;
  const own = {
    availability: `${base}/availability`,
    state: `${base}/state`,
    findings: `${base}/findings`,
  };
  return {
    ...own,
    hostState,
    hostAttributes,
    agent: [...Object.values(own), `${base}/info`, `${node}/agent/config`],
    ofHost: (id: string): string[] => [`${node}/${id}/config`, hostState(id), hostAttributes(id)],
  };
}

/** The database has a hash of each payload that the broker acknowledged. */
function ledgerDrift({ retained: ledger }: DatabaseView, retained: Retained): string[] {
  const all = new Set([...ledger.keys(), ...retained.keys()]);
  return [...all].flatMap((topic) => {
    const payload = retained.get(topic);
    const held = payload === undefined ? undefined : createHash('sha256').update(payload).digest('hex');
    return ledger.get(topic) === held
      ? []
      : [`${topic}: the hash in the database is not that of the payload`];
  });
}

/** Each expected field with its value, or with a predicate that says what is right where that is more than one value. */
type Expected = Readonly<Record<string, unknown>>;

function payloadDrift(topic: string, retained: Retained, expected: Expected): string[] {
  const payload = retained.get(topic);
  if (payload === undefined) return [];
  const told = JSON.parse(payload) as Readonly<Record<string, unknown>>;
  return Object.entries(expected).flatMap(([field, wanted]) => {
    const value = told[field];
    const isRight = typeof wanted === 'function' ? wanted(value, told) : isSame(value, wanted);
    if (isRight === true) return [];
    const should = typeof wanted === 'function' ? 'what its other fields say' : JSON.stringify(wanted);
    return [`${topic} ${field}: the database says ${should}, the broker ${JSON.stringify(value)}`];
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function agentStateFor({ hosts, status }: DatabaseView): Expected {
  const heeded = hosts.filter(({ ignored }) => ignored === null).flatMap(({ findings }) => findings);
  const { lastSweep, inForce } = status;
  return {
    status: status.agent.status,
    exposure: onOff(heeded.some((each) => alerts(each, inForce.alertThreshold))),
    problem: 'OFF',
    open_findings: hosts.flatMap(({ findings }) => findings).length,
    unacknowledged: heeded.filter(({ state }) => state === 'open').length,
    highest_severity: worst(heeded),
    hosts_online: hosts.filter(({ present }) => present).length,
    hosts_smb: hosts.filter(({ smb }) => (smb?.transports ?? []).length > 0).length,
    sweeps_enabled: onOff(status.paused === null),
    sweep_interval: inForce.sweepInterval,
    alert_threshold: inForce.alertThreshold,
    last_sweep: lastSweep === null ? null : seconds(lastSweep.finishedAt),
    sweep_duration: lastSweep === null ? null : Math.round(lastSweep.durationMs / 100) / 10,
    next_sweep: status.nextSweepAt === null ? null : seconds(status.nextSweepAt),
  };
}

function agentFindingsFor({ hosts }: DatabaseView): Expected {
  const ids = hosts.flatMap(({ findings }) => findings.map(({ id }) => id));
  const isListed = (told: unknown): boolean => {
    const rows = told as readonly { readonly id: string }[];
    const unknown = rows.filter(({ id }) => !ids.includes(id));
    return unknown.length === 0 && rows.length === Math.min(ids.length, MOST_FINDINGS_LISTED);
  };
  return { findings: isListed, truncated: ids.length > MOST_FINDINGS_LISTED };
}

function hostStateFor(host: HostJson, { findings, status }: DatabaseView): Expected {
  const verdictOn = (rule: string): Expected => {
    const finding = findings.find((each) => each.hostId === host.id && each.rule === rule);
    return finding === undefined ? {} : { [FIELD_OF[rule] ?? '']: onOff(finding.state !== 'resolved') };
  };
  const { alertThreshold } = status.inForce;
  return {
    exposure:
      host.findings.length === 0
        ? isUnknownWhereACheckIs
        : onOff(host.ignored === null && host.findings.some((each) => alerts(each, alertThreshold))),
    severity: host.ignored === null ? worst(host.findings) : 'none',
    findings: host.findings.length,
    ...Object.assign({}, ...Object.keys(FIELD_OF).map(verdictOn)),
    reachable: onOff(host.present),
    ip_address: host.addresses[0] ?? null,
    dialect: host.smb?.dialects.at(-1) ?? null,
    last_seen: (told: unknown) => {
      const behindMs = Date.parse(seconds(host.lastSeenAt)) - Date.parse(String(told));
      return behindMs >= 0 && behindMs <= LAST_SEEN_MAY_LAG_MS;
    },
    ignore: onOff(host.ignored !== null),
  };
}

/** Fields of a host that repeat what one rule says of it. */
const FIELD_OF: Readonly<Record<string, string>> = {
  'smb1-enabled': 'smb1',
  'smb-signing-not-required': 'signing_optional',
  'netbios-name-service-exposed': 'netbios',
};

function isUnknownWhereACheckIs(told: unknown, all: Expected): boolean {
  const isUnknown = Object.values(FIELD_OF).some((field) => all[field] === null);
  return told === (isUnknown ? null : 'OFF');
}

function hostAttributesFor(host: HostJson): Expected {
  const workgroup = host.netbios?.workgroup ?? null;
  const rows = host.findings.map((finding) => ({
    id: finding.id,
    rule: finding.rule,
    severity: finding.severity,
    title: plain(finding.title),
    since: seconds(finding.openedAt),
    acknowledged: finding.state === 'acknowledged',
  }));
  const byId = (list: readonly { readonly id: string }[]) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    mac: host.mac,
    first_seen: seconds(host.firstSeenAt),
    workgroup: workgroup === null ? null : plain(workgroup),
    shares: host.smb?.anonymous.shares?.slice(0, MOST_SHARES_LISTED).map(({ name }) => plain(name)) ?? null,
    findings: (told: unknown) => isSame(byId(told as typeof rows), byId(rows)),
  };
}

function alerts({ state, severity }: FindingJson, threshold: string): boolean {
  return state === 'open' && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}

function worst(findings: readonly FindingJson[]): string {
  const most = Math.max(-1, ...findings.map(({ severity }) => SEVERITIES.indexOf(severity)));
  return SEVERITIES[most] ?? 'none';
}

function onOff(yes: boolean): 'ON' | 'OFF' {
  return yes ? 'ON' : 'OFF';
}

/** `2026-11-21T22:41:05.123Z` as it is published: `2026-11-21T22:41:05+00:00`. */
function seconds(iso: string): string {
  return `${iso.slice(0, 19)}+00:00`;
}
