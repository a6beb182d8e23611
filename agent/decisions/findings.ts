import { acknowledge, together, unacknowledge } from '../../domain/decide.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { AckScope, DecisionOutcome, OwnerCommand } from '../../domain/owner-command.ts';
import { DecisionRefused, type DecisionWorld, hostOf, record } from './world.ts';

/**
 * Acknowledges what the scope names. A single finding gets the new end and note whatever it had before; of a host, or of
 * all, what was acknowledged before keeps its own.
 */
export function acknowledgeFindings(
  { scope, until, note, by }: Extract<OwnerCommand, { kind: 'ack' }>,
  at: number,
  world: DecisionWorld,
): DecisionOutcome {
  const isNamed = 'findingId' in scope;
  const hosts = hostsIn(scope, world);
  if (isNamed) refuseResolved(scope.findingId, hosts);
  const which = (finding: Finding) => isIn(scope, finding) && (isNamed || finding.state === 'open');
  const decision = { at, until, note, ...(by === null ? {} : { by }) };
  const decided = together(hosts.map((host) => acknowledge(host, which, decision)));
  record(decided, world);
  return { changed: decided.changes.length > 0, forgotten: null };
}

/** Takes acknowledgements back. */
export function unacknowledgeFindings(scope: AckScope, at: number, world: DecisionWorld): DecisionOutcome {
  const hosts = hostsIn(scope, world);
  const decided = together(hosts.map((host) => unacknowledge(host, (finding) => isIn(scope, finding), at)));
  record(decided, world);
  return { changed: decided.changes.length > 0, forgotten: null };
}

function isIn(scope: AckScope, finding: Finding): boolean {
  return !('findingId' in scope) || finding.id === scope.findingId;
}

function hostsIn(scope: AckScope, world: DecisionWorld): HostRecord[] {
  if ('hostId' in scope) return [hostOf(scope.hostId, world)];
  const all = [...world.history.hosts().values()];
  if ('all' in scope) return all;
  const host = all.find(({ findings }) => findings.some(({ id }) => id === scope.findingId));
  if (host === undefined) throw new DecisionRefused(`finding ${scope.findingId}: not known`);
  return [host];
}

function refuseResolved(id: string, hosts: readonly HostRecord[]): void {
  const finding = hosts.flatMap((host) => host.findings).find((each) => each.id === id);
  if (finding?.state !== 'resolved') return;
  const since = finding.resolvedAt === null ? '' : ` since ${new Date(finding.resolvedAt).toISOString()}`;
  throw new DecisionRefused(`finding ${id}: resolved${since}, so there is nothing to acknowledge`);
}
