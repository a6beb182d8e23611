import type { Command } from 'commander';
import { compareSeverity, type Severity } from '../../domain/finding.ts';
import { isIgnored } from '../../domain/host.ts';
import type { Level } from '../../domain/level.ts';
import { parseTarget } from '../../domain/target.ts';
import { safeJson } from '../../domain/text.ts';
import { planJson, sweepJson } from '../render/json.ts';
import { jsonChunks } from '../render/json-pieces.ts';
import { planText } from '../render/plan.ts';
import { progressText } from '../render/progress.ts';
import { sweepText } from '../render/sweep.ts';
import type { SweepReport } from '../sweep/report.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { severityNamed } from './lookup.ts';
import { viewOf } from './output.ts';
import { remindOfPause } from './pause.ts';
import { agentOf, reading } from './reading.ts';

interface Options {
  readonly subnet?: readonly string[];
  readonly level?: string;
  readonly mqtt: boolean;
  readonly dryRun?: boolean;
  readonly failOn?: string;
}

const LEVELS_BUILT: readonly Level[] = ['L1', 'L2', 'L3', 'L4'];

/** `sweep`: one sweep now, stored and published like the daemon's. */
export function addSweep(program: Command, act: Act): void {
  program
    .command('sweep')
    .description('sweep once now, record and publish it, print the report')
    .option('--subnet <cidr>', 'what to sweep instead of the configured targets; may be repeated', collect)
    .option('--level <level>', 'how deep to ask: L1, L2, L3 or L4 (default: as configured)')
    .option('--no-mqtt', 'record it, but publish nothing')
    .option('--dry-run', 'print what would be sent to whom, and send nothing')
    .option('--fail-on <severity>', 'exit 3 when a finding of this severity or worse is open')
    .addHelpText(
      'after',
      examples(
        'smbwarden sweep',
        'smbwarden sweep --subnet 192.168.1.0/24 --level L1',
        'smbwarden sweep --fail-on high --json',
      ),
    )
    .action(
      act(async ({ output, context: build }, options: Options) => {
        const wanted = { subnets: options.subnet ?? [], level: levelOf(options.level) };
        const failOn = options.failOn === undefined ? null : severityNamed(options.failOn);
        for (const subnet of wanted.subnets) parseTarget(subnet);
        const context = build();
        if (options.dryRun === true) {
          const plan = await context.plan(wanted);
          output.out(output.json ? safeJson(planJson(plan), 2) : planText(plan, viewOf(context)));
          return EXIT.done;
        }
        const report = await sweepWithProgress(context, { ...wanted, mqtt: options.mqtt });
        await printReport(context, report, wanted);
        remindOfPause(context);
        return exitOf(report, failOn);
      }),
    );
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function levelOf(text: string | undefined): Level | null {
  if (text === undefined) return null;
  const level = LEVELS_BUILT.find((each) => each === text.toUpperCase());
  if (level === undefined) throw new UsageError(`--level ${text}: write one of ${LEVELS_BUILT.join(', ')}`);
  return level;
}

async function sweepWithProgress(
  context: CommandContext,
  wanted: { subnets: readonly string[]; level: Level | null; mqtt: boolean },
): Promise<SweepReport> {
  const { output } = context;
  const onProgress = (progress: Parameters<typeof progressText>[0]) =>
    output.progress(progressText(progress));
  try {
    return await context.sweep({ ...wanted, onProgress });
  } finally {
    output.progress('');
  }
}

async function printReport(
  context: CommandContext,
  report: SweepReport,
  wanted: { subnets: readonly string[]; level: Level | null },
): Promise<void> {
  const { output } = context;
  if (output.json) {
    const agent = reading(context, (storage) => agentOf(context, storage));
    const document = sweepJson({ agent, report, vendorOf: context.vendorOf });
    for (const chunk of jsonChunks(document)) await output.write(chunk);
    return;
  }
  const { skipped } = await context.plan(wanted);
  const { config, vendorOf } = context;
  const brokerConfigured = config.mqtt.url !== null;
  output.out(sweepText({ report, skipped, brokerConfigured, vendorOf }, viewOf(context)));
}

/** Findings at or above `failOn` win over an incomplete sweep. */
function exitOf({ sweep, hosts }: SweepReport, failOn: Severity | null): number {
  const tooBad = hosts
    .filter((host) => !isIgnored(host, sweep.finishedAt))
    .flatMap((host) => host.findings)
    .some(
      ({ state, severity }) => state === 'open' && failOn !== null && compareSeverity(severity, failOn) >= 0,
    );
  if (tooBad) return EXIT.findings;
  return sweep.complete ? EXIT.done : EXIT.incomplete;
}
