import type { Advice } from '../../domain/advice.ts';
import type { Rule } from '../../domain/assess.ts';
import type { RecordedChange } from '../../domain/change.ts';
import type { Decision } from '../../domain/decision.ts';
import {
  knownCiphers,
  netbiosName,
  provenDialects,
  type Service,
  type SmbIdentity,
  servicesOf,
  servicesOverIpv6,
  smbPorts,
  toldName,
  workgroup,
} from '../../domain/facts.ts';
import { type Finding, worstFirst } from '../../domain/finding.ts';
import { type Held, heldAt } from '../../domain/held.ts';
import type { Quarantined } from '../../domain/history.ts';
import { type HostRecord, hostName, type VendorOf } from '../../domain/host.ts';
import { operatingSystem } from '../../domain/os.ts';
import { sharesWithoutPassword } from '../../domain/passwordless.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';
import type { SweepPlan } from '../commands/context.ts';
import type { SweepReport } from '../sweep/report.ts';
import { serviceName, speaksSmb } from './posture.ts';
import type { Status } from './status.ts';
import { isoOrNull, isoTime } from './time.ts';

/**
 * The documents of `--json`, schema 1. Text of strangers is as observed: print them with `safeJson`. A list that could
 * not be read is null, an empty one is []; a fact that is not known is "unknown".
 */
const SCHEMA = 1;

export interface AgentIdentity {
  /** null: none was made yet. */
  readonly id: string | null;
  readonly version: string;
}

/** `sweep --json` and `check --json`. */
export function sweepJson(given: {
  readonly agent: AgentIdentity;
  readonly report: SweepReport;
  readonly vendorOf: VendorOf;
}): object {
  const { agent, report, vendorOf } = given;
  return {
    schema: SCHEMA,
    agent,
    sweep: sweepObject(report.sweep),
    hosts: report.hosts.map((host) => hostObject(host, vendorOf)),
    findings: [],
    changes: report.changes.map(changeObject),
  };
}

/** `hosts --json`. */
export function hostsJson(given: {
  readonly agent: AgentIdentity;
  readonly hosts: readonly HostRecord[];
  readonly vendorOf: VendorOf;
}): object {
  const hosts = given.hosts.map((host) => hostObject(host, given.vendorOf));
  return { schema: SCHEMA, agent: given.agent, hosts, findings: [] };
}

/** `host --json`; `changes` null (no `--history`) leaves the timeline out. */
export function hostJson(given: {
  readonly agent: AgentIdentity;
  readonly host: HostRecord;
  readonly changes: readonly RecordedChange[] | null;
  /** Of this host; missing: nothing. */
  readonly quarantine?: readonly Quarantined[];
  readonly vendorOf: VendorOf;
}): object {
  const { agent, host, changes, vendorOf } = given;
  const timeline = changes === null ? {} : { changes: changes.map(changeObject) };
  const quarantine = (given.quarantine ?? []).map(quarantinedObject);
  return { schema: SCHEMA, agent, host: hostObject(host, vendorOf), quarantine, ...timeline };
}

/** `findings --json`, in the order given. */
export function findingsJson(
  found: readonly { readonly host: HostRecord; readonly finding: Finding }[],
): object {
  return { schema: SCHEMA, findings: found.map(({ host, finding }) => detailedFinding(host, finding)) };
}

/** `finding --json`. */
export function findingJson(given: {
  readonly host: HostRecord;
  readonly finding: Finding;
  readonly changes: readonly RecordedChange[];
}): object {
  const finding = detailedFinding(given.host, given.finding);
  return { schema: SCHEMA, finding, changes: given.changes.map(changeObject) };
}

/** `history --json`, in the order given. */
export function historyJson(changes: readonly RecordedChange[]): object {
  return { schema: SCHEMA, changes: changes.map(changeObject) };
}

/** `status --json`. */
export function statusJson(status: Status): object {
  const { daemon, lastSweep, findings } = status;
  const { critical, high, medium, low, info } = findings;
  return {
    schema: SCHEMA,
    agent: {
      ...status.agent,
      running: daemon !== null,
      pid: daemon?.pid ?? null,
      status: daemon?.status ?? null,
    },
    lastSweep: lastSweep === null ? null : sweepObject(lastSweep),
    nextSweepAt: isoOrNull(daemon?.nextSweepAt),
    paused: status.pause === null ? null : { until: isoOrNull(status.pause.until) },
    quietUntil: isoOrNull(status.quietUntil),
    maintenanceUntil: isoOrNull(status.maintenanceUntil),
    inForce: status.inForce,
    coverage:
      lastSweep === null
        ? null
        : {
            targets: lastSweep.targets,
            addresses: lastSweep.addresses,
            hostsUp: lastSweep.hostsUp,
            complete: lastSweep.complete,
            suspect: lastSweep.suspect,
            hostsKnown: status.hostsKnown,
            hostsPresent: status.hostsPresent,
          },
    mqtt: status.mqtt,
    findings: { critical, high, medium, low, info },
    quarantine: status.quarantine.map(quarantinedObject),
  };
}

/** `sweep --dry-run --json`. */
export function planJson(plan: SweepPlan): object {
  return { schema: SCHEMA, plan };
}

/** `explain RULE --json`. */
export function adviceJson(advice: Advice): object {
  return { schema: SCHEMA, rule: { ...advice, rule: undefined, id: advice.rule } };
}

/** `explain --json`. */
export function rulesJson(rules: readonly Rule[]): object {
  return { schema: SCHEMA, rules: rules.map(({ id, severity, title }) => ({ id, severity, title })) };
}

/** A sweep, as every document holds it. */
export function sweepObject(sweep: RecordedSweep): object {
  return {
    id: sweep.id,
    startedAt: isoTime(sweep.startedAt),
    finishedAt: isoTime(sweep.finishedAt),
    durationMs: sweep.durationMs,
    level: sweep.level,
    targets: sweep.targets,
    addresses: sweep.addresses,
    hostsUp: sweep.hostsUp,
    complete: sweep.complete,
    suspect: sweep.suspect,
  };
}

/** A host, as every document holds it. */
export function hostObject(host: HostRecord, vendorOf: VendorOf): object {
  const vendor = host.mac === null ? null : vendorOf(host.mac);
  return {
    id: host.id,
    name: hostName(host),
    toldName: toldName(host.facts),
    note: host.ownersWord?.note ?? null,
    addresses: host.facts.addresses ?? [],
    mac: host.mac,
    vendor,
    heldAt: heldObject(heldAt(host, vendor)),
    present: host.present,
    ignored: host.ignored === null ? null : decisionObject(host.ignored),
    firstSeenAt: isoTime(host.firstSeenAt),
    lastSeenAt: isoTime(host.lastSeenAt),
    services: servicesOf(host.facts).map(serviceObject),
    ipv6: ipv6Object(host),
    mdnsServices: host.facts['mdns.services'] ?? null,
    netbios: netbiosObject(host),
    smb: smbObject(host),
    findings: worstFirst(host.findings.filter(({ state }) => state !== 'resolved')).map(findingObject),
  };
}

function serviceObject({ transport, port, state }: Service): object {
  return { transport, port, service: serviceName(transport, port), state };
}

function ipv6Object({ facts }: HostRecord): object | null {
  const addresses = facts['ipv6.addresses'];
  if (addresses === undefined) return null;
  const dialect = facts['ipv6.smb.dialect'];
  const smb = dialect === undefined ? null : { dialect, signing: facts['ipv6.smb.signing'] ?? 'unknown' };
  return { addresses, services: servicesOverIpv6(facts).map(serviceObject), smb };
}

function heldObject(held: Held | null): object | null {
  return held === null ? null : { ...held, lastAskedAt: isoOrNull(held.lastAskedAt) };
}

function netbiosObject({ facts }: HostRecord): object | null {
  const names = facts['netbios.names'] ?? null;
  if (names === null) return null;
  return {
    name: netbiosName(facts),
    workgroup: workgroup(facts),
    unitId: facts['netbios.unitId'] ?? null,
    names: names.map(({ name, suffix, group }) => ({ name, suffix, group })),
  };
}

function smbObject({ facts, systemTime }: HostRecord): object | null {
  if (!speaksSmb(facts)) return null;
  return {
    transports: smbPorts(facts).map((port) => `tcp/${port}`),
    dialects: provenDialects(facts),
    smb1: facts['smb.smb1'] ?? 'unknown',
    signing: {
      smb1: facts['smb.signing.smb1'] ?? 'unknown',
      smb2: facts['smb.signing.smb2'] ?? 'unknown',
    },
    encryption: {
      supported: facts['smb.encryption.supported'] ?? 'unknown',
      required: facts['smb.encryption.required'] ?? 'unknown',
      ciphers: knownCiphers(facts),
    },
    compression: facts['smb.compression'] ?? null,
    serverGuid: facts['smb.serverGuid'] ?? null,
    systemTime: isoOrNull(systemTime),
    bootTime: facts['smb.bootTime'] ?? null,
    identity: identityObject(facts['smb.identity']),
    anonymous: {
      session: facts['smb.anonymous.session'] ?? 'unknown',
      guest: facts['smb.guest.session'] ?? 'unknown',
      shares: sharesWithoutPassword(facts) ?? null,
    },
  };
}

function identityObject(identity: SmbIdentity | null | undefined): object {
  const { computer, domain, dnsComputer, dnsDomain } = identity ?? NAMELESS;
  return { computer, domain, dnsComputer, dnsDomain, ...operatingSystem(identity) };
}

const NAMELESS = { computer: null, domain: null, dnsComputer: null, dnsDomain: null };

function findingObject({ id, rule, severity, title, openedAt, state }: Finding): object {
  return { id, rule, severity, title, openedAt: isoTime(openedAt), state };
}

/** A finding with its host, evidence and times. */
export function detailedFinding(host: HostRecord, finding: Finding): object {
  return {
    ...findingObject(finding),
    hostId: host.id,
    hostName: hostName(host),
    confirmedAt: isoTime(finding.confirmedAt),
    resolvedAt: isoOrNull(finding.resolvedAt),
    evidence: finding.evidence,
    acknowledged: finding.acknowledged === null ? null : decisionObject(finding.acknowledged),
  };
}

/** A probe that is held back from a host. */
export function quarantinedObject({ hostId, probe, since, reason }: Quarantined): object {
  return { hostId, probe, since: isoTime(since), reason };
}

/** What the owner decided of a finding or a host. */
export function decisionObject({ at, until, note, by }: Decision): object {
  return { at: isoTime(at), until: isoOrNull(until), note, by: by ?? null };
}

/** A change, as every document holds it. */
export function changeObject({ id, at, type, hostId, findingId, summary }: RecordedChange): object {
  return { id, at: isoTime(at), type, hostId, findingId, summary };
}
