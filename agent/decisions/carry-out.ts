import { endLapsed, forgotten, ignore, nextEnd, quarantineLifted, unignore } from '../../domain/decide.ts';
import type { GivenCommand } from '../../domain/history.ts';
import type { DecisionOutcome, OwnerCommand } from '../../domain/owner-command.ts';
import { pauseOf } from '../config/in-force.ts';
import { acknowledgeFindings, unacknowledgeFindings } from './findings.ts';
import { changeSettings } from './settings.ts';
import { DecisionRefused, type DecisionWorld, hostOf, record } from './world.ts';

/**
 * Carries out what the owner tells the agent, by the command line or by Home Assistant, in the daemon or without one:
 * records it with its changes and events, notes it among the commands, and logs it. Publishing is the caller's.
 * @throws DecisionRefused when the command does not fit what is known; StorageError.
 */
export function carryOut(
  command: OwnerCommand,
  source: GivenCommand['source'],
  world: DecisionWorld,
): DecisionOutcome {
  const at = world.now();
  const { kind, ...args } = command;
  try {
    const outcome = decide(command, at, world);
    world.commands.add({ at, source, command: kind, args, outcome: 'done' });
    world.log.info({ command: kind, source, args, changed: outcome.changed }, 'command carried out');
    return outcome;
  } catch (error) {
    if (error instanceof DecisionRefused) {
      world.commands.add({ at, source, command: kind, args, outcome: error.message });
      world.log.info({ command: kind, source, reason: error.message }, 'command refused');
    }
    throw error;
  }
}

function decide(command: OwnerCommand, at: number, world: DecisionWorld): DecisionOutcome {
  if ('until' in command) refusePast(command.until, at);
  switch (command.kind) {
    case 'ack':
      return acknowledgeFindings(command, at, world);
    case 'unack':
      return unacknowledgeFindings(command.scope, at, world);
    case 'ignore':
    case 'unignore':
      return ignoreOrNot(command, at, world);
    case 'forget':
      return forget(command.hostId, at, world);
    case 'lift-quarantine':
      return liftQuarantine(command, at, world);
    default:
      return changeSettings(command, world);
  }
}

function refusePast(until: number | null, at: number): void {
  if (until !== null && until <= at)
    throw new DecisionRefused(`until ${new Date(until).toISOString()}: that moment has passed`);
}

function ignoreOrNot(
  command: Extract<OwnerCommand, { kind: 'ignore' | 'unignore' }>,
  at: number,
  world: DecisionWorld,
): DecisionOutcome {
  const host = hostOf(command.hostId, world);
  const decided =
    command.kind === 'unignore'
      ? unignore(host, at)
      : ignore(host, {
          at,
          until: command.until,
          note: null,
          ...(command.by === null ? {} : { by: command.by }),
        });
  record(decided, world);
  return { changed: decided.changes.length > 0, forgotten: null };
}

function forget(id: string, at: number, world: DecisionWorld): DecisionOutcome {
  const gone = world.history.forgetHost(id, forgotten(hostOf(id, world), at));
  return { changed: gone !== null, forgotten: gone };
}

function liftQuarantine(
  { hostId, probe }: Extract<OwnerCommand, { kind: 'lift-quarantine' }>,
  at: number,
  world: DecisionWorld,
): DecisionOutcome {
  const host = hostOf(hostId, world);
  const lifted = world.history.liftQuarantine(hostId, probe);
  record(quarantineLifted(host, lifted, at), world);
  return { changed: lifted.length > 0, forgotten: null };
}

/** Ends what has come to its end by itself: acknowledgements, that hosts are ignored, a pause. False: nothing had. */
export function endWhatIsOver(world: DecisionWorld): boolean {
  const at = world.now();
  const lapsed = endLapsed(world.history.hosts().values(), at);
  record(lapsed, world);
  for (const { type, hostId, findingId, summary } of lapsed.changes)
    world.log.warn({ change: type, host: hostId, finding: findingId, summary }, 'ended by itself');
  const pauseIsOver = world.settings.get('sweeps_enabled') !== null && pauseOf(world.settings, at) === null;
  if (pauseIsOver) {
    world.settings.set('sweeps_enabled', null);
    world.log.info({}, 'the pause is over: scheduled sweeps go on');
  }
  return pauseIsOver || lapsed.changes.length > 0;
}

/** The next moment (milliseconds UTC) at which `endWhatIsOver` has something to end; null: none is known. */
export function nextToEnd({ history, settings }: DecisionWorld): number | null {
  const first = nextEnd(history.hosts().values());
  // One that has passed is still to be ended.
  const pauseEnd = pauseOf(settings, Number.NEGATIVE_INFINITY)?.until ?? null;
  return first === null || pauseEnd === null ? (first ?? pauseEnd) : Math.min(first, pauseEnd);
}
