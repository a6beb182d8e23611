import type { RecordedChange } from '../../domain/change.ts';
import { factInWords } from '../../domain/fact-words.ts';
import { familyOf, knownCiphers, netbiosName, provenDialects, workgroup } from '../../domain/facts.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostInterval } from '../../domain/history.ts';
import { type HostId, type HostRecord, hostName, type VendorOf } from '../../domain/host.ts';
import { operatingSystem } from '../../domain/os.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';
import type { CsvValue } from './csv.ts';
import { type AgentIdentity, changeObject, detailedFinding, hostObject, sweepObject } from './json.ts';
import { serviceName } from './posture.ts';
import { isoOrNull, isoTime } from './time.ts';

/** What can be exported, in the order in which it is. */
export const EXPORTS = ['hosts', 'findings', 'changes', 'services', 'sweeps'] as const;
export type Exported = (typeof EXPORTS)[number];

/** What an export reads; what grows with time is read bit by bit. */
export interface ExportSource {
  readonly agent: AgentIdentity;
  /** Milliseconds UTC. */
  readonly at: number;
  readonly hosts: ReadonlyMap<HostId, HostRecord>;
  readonly vendorOf: VendorOf;
  readonly changes: () => Iterable<RecordedChange>;
  /** Of all facts; those of services are picked. */
  readonly intervals: () => Iterable<HostInterval>;
  readonly sweeps: () => Iterable<RecordedSweep>;
}

/** One kind of what is exported. */
export interface Kind {
  /** As `--json` shows them elsewhere, or with more. */
  objects(source: ExportSource): Iterable<object>;
  readonly columns: readonly string[];
  /** The same records for a table, cells in the order of the columns. */
  rows(source: ExportSource): Iterable<readonly CsvValue[]>;
}

interface Shape<Each> {
  readonly records: (source: ExportSource) => Iterable<Each>;
  readonly object: (each: Each, source: ExportSource) => object;
  readonly columns: Readonly<Record<string, (each: Each, source: ExportSource) => CsvValue>>;
}

function kind<Each>({ records, object, columns }: Shape<Each>): Kind {
  const cells = Object.values(columns);
  return {
    *objects(source) {
      for (const each of records(source)) yield object(each, source);
    },
    columns: Object.keys(columns),
    *rows(source) {
      for (const each of records(source)) yield cells.map((cell) => cell(each, source));
    },
  };
}

export const KINDS: Readonly<Record<Exported, Kind>> = {
  hosts: kind<HostRecord>({
    records: ({ hosts }) => hosts.values(),
    object: (host, { vendorOf }) => hostObject(host, vendorOf),
    columns: {
      id: ({ id }) => id,
      name: hostName,
      addresses: ({ facts }) => facts.addresses ?? [],
      mac: ({ mac }) => mac,
      vendor: ({ mac }, { vendorOf }) => (mac === null ? null : vendorOf(mac)),
      present: ({ present }) => present,
      firstSeenAt: ({ firstSeenAt }) => isoTime(firstSeenAt),
      lastSeenAt: ({ lastSeenAt }) => isoTime(lastSeenAt),
      netbiosName: ({ facts }) => netbiosName(facts),
      workgroup: ({ facts }) => workgroup(facts),
      os: ({ facts }) => operatingSystem(facts['smb.identity']).os,
      dialects: ({ facts }) => provenDialects(facts),
      smb1: ({ facts }) => facts['smb.smb1'] ?? 'unknown',
      signingSmb1: ({ facts }) => facts['smb.signing.smb1'] ?? 'unknown',
      signingSmb2: ({ facts }) => facts['smb.signing.smb2'] ?? 'unknown',
      encryptionSupported: ({ facts }) => facts['smb.encryption.supported'] ?? 'unknown',
      encryptionRequired: ({ facts }) => facts['smb.encryption.required'] ?? 'unknown',
      ciphers: ({ facts }) => knownCiphers(facts),
      anonymousSession: ({ facts }) => facts['smb.anonymous.session'] ?? 'unknown',
      openFindings: ({ findings }) =>
        findings.filter(({ state }) => state !== 'resolved').map(({ rule }) => rule),
    },
  }),
  findings: kind<{ readonly host: HostRecord; readonly finding: Finding }>({
    records: ({ hosts }) =>
      [...hosts.values()].flatMap((host) => host.findings.map((finding) => ({ host, finding }))),
    object: ({ host, finding }) => detailedFinding(host, finding),
    columns: {
      id: ({ finding }) => finding.id,
      rule: ({ finding }) => finding.rule,
      severity: ({ finding }) => finding.severity,
      title: ({ finding }) => finding.title,
      state: ({ finding }) => finding.state,
      hostId: ({ host }) => host.id,
      hostName: ({ host }) => hostName(host),
      openedAt: ({ finding }) => isoTime(finding.openedAt),
      confirmedAt: ({ finding }) => isoTime(finding.confirmedAt),
      resolvedAt: ({ finding }) => isoOrNull(finding.resolvedAt),
      evidence: ({ finding }) => finding.evidence,
    },
  }),
  changes: kind<RecordedChange>({
    records: ({ changes }) => changes(),
    object: (change, source) => ({
      ...changeObject(change),
      hostName: nameOf(change.hostId, source),
      fact: change.fact,
    }),
    columns: {
      id: ({ id }) => id,
      at: ({ at }) => isoTime(at),
      type: ({ type }) => type,
      hostId: ({ hostId }) => hostId,
      hostName: ({ hostId }, source) => nameOf(hostId, source),
      findingId: ({ findingId }) => findingId,
      summary: ({ summary }) => summary,
      fact: ({ fact }) => fact?.name ?? null,
      before: ({ fact }) => (fact === null ? null : factInWords(fact.before)),
      after: ({ fact }) => (fact === null ? null : factInWords(fact.after)),
    },
  }),
  services: kind<ServiceInterval>({
    records: services,
    object: (interval, source) => ({
      hostId: interval.hostId,
      hostName: nameOf(interval.hostId, source),
      transport: interval.transport,
      port: interval.port,
      family: interval.family,
      service: serviceName(interval.transport, interval.port),
      state: interval.value,
      since: isoTime(interval.since),
      until: isoOrNull(interval.until),
    }),
    columns: {
      hostId: ({ hostId }) => hostId,
      hostName: ({ hostId }, source) => nameOf(hostId, source),
      transport: ({ transport }) => transport,
      port: ({ port }) => port,
      service: ({ transport, port }) => serviceName(transport, port),
      state: ({ value }) => String(value),
      since: ({ since }) => isoTime(since),
      until: ({ until }) => isoOrNull(until),
      family: ({ family }) => family,
    },
  }),
  sweeps: kind<RecordedSweep>({
    records: ({ sweeps }) => sweeps(),
    object: (sweep) => ({
      ...sweepObject(sweep),
      kind: sweep.kind,
      sent: {
        connections: sweep.sent.connections,
        datagrams: sweep.sent.datagrams,
        bytesSent: sweep.sent.bytes,
      },
    }),
    columns: {
      id: ({ id }) => id,
      kind: ({ kind: sweepOrCheck }) => sweepOrCheck,
      startedAt: ({ startedAt }) => isoTime(startedAt),
      finishedAt: ({ finishedAt }) => isoTime(finishedAt),
      durationMs: ({ durationMs }) => durationMs,
      level: ({ level }) => level,
      targets: ({ targets }) => targets,
      addresses: ({ addresses }) => addresses,
      hostsUp: ({ hostsUp }) => hostsUp,
      complete: ({ complete }) => complete,
      suspect: ({ suspect }) => suspect,
      connections: ({ sent }) => sent.connections,
      datagrams: ({ sent }) => sent.datagrams,
      bytesSent: ({ sent }) => sent.bytes,
    },
  }),
};

/** For how long a service was in one state. */
interface ServiceInterval extends HostInterval {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  readonly family: 'ipv4' | 'ipv6';
}

function* services({ intervals }: ExportSource): Generator<ServiceInterval> {
  for (const interval of intervals()) {
    const match = /^(tcp|udp|tcp6)\/(\d+)$/.exec(interval.name);
    if (match === null) continue;
    const transport = match[1] === 'udp' ? 'udp' : 'tcp';
    yield { ...interval, transport, port: Number(match[2]), family: familyOf(interval.name) };
  }
}

/** null: the change is of no host, or of one that has been forgotten. */
function nameOf(id: HostId | null, { hosts }: ExportSource): string | null {
  const host = id === null ? undefined : hosts.get(id);
  return host === undefined ? null : hostName(host);
}
