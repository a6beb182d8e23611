import type { DecisionOutcome, OwnerCommand } from '../../domain/owner-command.ts';
import type { CommandOutcome } from '../publish/commands.ts';
import type { AgentCommand } from '../publish/publisher.ts';
import type { SweepOrder } from '../sweep/sweeper.ts';
import { type DecisionWorld, hostOf } from './world.ts';

/** What a daemon does when it is told to. */
export interface Hands {
  /** Returns at once; the sweep takes its turn. */
  sweepLater(order: SweepOrder): void;
  republish(): void;
  /** Clears everything that is retained at the broker. */
  removeAll(): void;
  decide(command: OwnerCommand, source: 'mqtt'): DecisionOutcome;
}

/** Carries out a command that arrived over MQTT, notes it among the commands, and says what to answer. Never throws. */
export function obey(command: AgentCommand, hands: Hands, world: DecisionWorld): CommandOutcome {
  try {
    switch (command.kind) {
      case 'sweep':
        hands.sweepLater({ kind: 'sweep', targets: [], level: command.level });
        break;
      case 'recheck': {
        const { facts } = hostOf(command.hostId, world);
        hands.sweepLater({ kind: 'check', targets: [...(facts.addresses ?? [])], level: null });
        break;
      }
      case 'republish':
        hands.republish();
        break;
      case 'remove-all':
        hands.removeAll();
        break;
      default:
        hands.decide(command, 'mqtt');
        return { ok: true };
    }
    const { kind, ...args } = command;
    world.commands.add({ at: world.now(), source: 'mqtt', command: kind, args, outcome: 'done' });
    return { ok: true };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
