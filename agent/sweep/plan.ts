import type { Address } from '../../domain/address.ts';
import { type DeepQuestion, questionsFor } from '../../domain/cadence.ts';
import { servicesOf } from '../../domain/facts.ts';
import { withoutQuarantined } from '../../domain/harm.ts';
import type { Quarantined } from '../../domain/history.ts';
import type { HostId, HostRecord, Mac } from '../../domain/host.ts';
import type { Plan } from './asker.ts';
import { type Limits, type LimitsWorld, limitsFor } from './limits.ts';
import type { SweepRequest, SweepWorld } from './request.ts';
import { noRest, type Rest, restOf } from './rest.ts';

/** Has any port of the host ever been open, closed or rejected? Others are known by their neighbour entry alone. */
function hasAnswered(host: HostRecord): boolean {
  return servicesOf(host.facts).some(
    ({ state }) => state === 'open' || state === 'closed' || state === 'rejected',
  );
}

/** The silence of a host that is not asked on any port is no news. */
function isAskedByTcp({ facts }: HostRecord, { deepest, spare }: Limits): boolean {
  return deepest !== 'L0' && spare(facts)?.ports !== 'none';
}

/** A check is the owner's wish of now, and wins over the one that a host should sleep. */
export async function whoRests(
  { kind, coverage }: SweepRequest,
  { owners = new Map(), readNeighbours }: SweepWorld,
  known: ReadonlyMap<HostId, HostRecord>,
  now: number,
): Promise<Rest> {
  if (kind === 'check' || owners.size === 0) return noRest(coverage);
  const neighbours = (await readNeighbours?.()) ?? new Map();
  return restOf(coverage, { known, owners, neighbours, now });
}

export function limitsWorld(request: SweepRequest, world: SweepWorld, now: number): LimitsWorld {
  const { owners = new Map(), vendorOf = () => null, heard = () => [] } = world;
  const { deepest, named = null, kind } = request;
  return { deepest, named, wished: kind === 'check', owners, vendorOf, heard, now };
}

/** What each address may be asked: the questions that are due for the host that is known there, or by its MAC elsewhere. */
export function planFor(
  request: SweepRequest,
  known: ReadonlyMap<HostId, HostRecord>,
  limits: LimitsWorld,
  quarantine: readonly Quarantined[],
) {
  const at = limits.now;
  const byAddressKnown = new Map(
    [...known.values()].flatMap((host) => (host.facts.addresses ?? []).map((a) => [a, host])),
  );
  const byMac = new Map([...known.values()].map((host) => [host.mac, host]));
  return (address: Address, mac: Mac | null): Plan => {
    const atAddress = byAddressKnown.get(address);
    const byItsMac = mac === null ? undefined : byMac.get(mac);
    const host = byItsMac ?? (mac === null || atAddress?.mac === null ? atAddress : undefined);
    const back = host !== undefined && (!host.present || host.missedSweeps > 0);
    const deepenAll = request.deepenAll || back;
    const wished = request.deepenAll;
    const questions = questionsFor(host?.askedAt ?? {}, request.cadence, { now: at, deepenAll, wished });
    const allowed = (of: readonly DeepQuestion[]) =>
      host === undefined ? of : withoutQuarantined(of, host.id, quarantine);
    const [due, dueOnChange] = [allowed(questions.due), allowed(questions.dueOnChange)];
    const limit = limitsFor({ address, mac, ...(host === undefined ? {} : { host }) }, limits);
    return {
      ...limit,
      due,
      // A host at several addresses looks changed at each of them: what is known is of all together.
      dueOnChange: (host?.facts.addresses?.length ?? 0) > 1 ? due : dueOnChange,
      withoutSmb1: request.cadence.smb1 === null || allowed(['smb1']).length === 0,
      known: host?.facts ?? {},
      usuallyAnswers: host !== undefined && isAskedByTcp(host, limit) && hasAnswered(host),
      knownCalledName:
        host?.facts['netbios.session'] === 'accepted' ? (host.facts['netbios.calledName'] ?? null) : null,
    };
  };
}
