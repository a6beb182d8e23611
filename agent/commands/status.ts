import type { Command } from 'commander';
import { countBySeverity } from '../../domain/finding.ts';
import { safeJson } from '../../domain/text.ts';
import { configInForce, pauseOf, type SetAtRunTime, setAtRunTime } from '../config/in-force.ts';
import { maintenanceUntil, quietUntil } from '../config/windows.ts';
import { statusJson } from '../render/json.ts';
import { type Status, statusText } from '../render/status.ts';
import type { CommandContext } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { viewOf } from './output.ts';
import { agentOf, reading } from './reading.ts';

/** `status`: agent, last and next sweep, coverage, MQTT link, open findings by severity. */
export function addStatus(program: Command, act: Act): void {
  program
    .command('status')
    .description('show the agent, last and next sweep, coverage, MQTT link and open findings')
    .addHelpText('after', examples('smbwarden status', 'smbwarden status --json'))
    .action(
      act(async ({ output, context: build }) => {
        const context = build();
        const status = await statusOf(context);
        output.out(output.json ? safeJson(statusJson(status), 2) : statusText(status, viewOf(context)));
        return EXIT.done;
      }),
    );
}

/** Among so many sweeps and checks there is a sweep, unless somebody checks day and night. */
const LATEST = 100;

/** What the database knows, completed by the daemon's own word where one is running. */
async function statusOf(context: CommandContext): Promise<Status> {
  const daemon = await context.daemonStatus();
  const { mqtt } = context.config;
  return reading(context, (storage) => {
    const hosts = [...storage.history.hosts().values()];
    const set = setAtRunTime(storage.settings);
    const { sweepInterval, schedule, alertThreshold } = configInForce(context.config, storage.settings);
    return {
      agent: agentOf(context, storage),
      daemon,
      lastSweep: storage.history.sweeps(LATEST).find(({ kind }) => kind === 'sweep') ?? null,
      cadence: cadenceText(set, schedule, sweepInterval),
      pause: pauseOf(storage.settings, context.now()),
      quietUntil: quietUntil(context.config, context.now()),
      maintenanceUntil: maintenanceUntil(context.config, context.now()),
      inForce: { sweepInterval, schedule, alertThreshold, setAtRunTime: set },
      hostsKnown: hosts.length,
      hostsPresent: hosts.filter((host) => host.present).length,
      mqtt: daemon?.mqtt ?? {
        configured: mqtt.url !== null,
        connected: false,
        broker: mqtt.url,
        lastError: null,
        outboxSize: storage.outbox.size(),
      },
      quarantine: storage.history.quarantine(),
      findings: countBySeverity(hosts.flatMap((host) => host.findings)),
    };
  });
}

function cadenceText(set: SetAtRunTime, schedule: string | null, minutes: number): string {
  if (schedule !== null) return `by the pattern ${schedule}`;
  return `every ${minutes} minutes${set.sweepInterval === undefined ? '' : ' (set at run time)'}`;
}
