import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { examine } from '../doctor/examine.ts';
import { diagnose } from '../doctor/host.ts';
import { ownPortsCheck } from '../doctor/network.ts';
import { doctorJson, doctorText } from '../render/doctor.ts';
import type { CommandContext } from './context.ts';
import { hostCase } from './host-case.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { viewOf } from './output.ts';

/** `doctor`: the installation. `doctor HOST`: why one host cannot be reached or read. */
export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .description(
      'check the installation and say how to mend each fault; with a host: say why it cannot be reached or read',
    )
    .argument('[host]', 'an address, or a known host by id, name, address or MAC; it is asked as by "check"')
    .addHelpText('after', examples('smbwarden doctor', 'smbwarden doctor nas', 'smbwarden doctor --json'))
    .action(
      act(({ context, contextEvenIfWrong }, host: string | undefined) =>
        host === undefined ? examineAll(contextEvenIfWrong()) : examineHost(context(), host),
      ),
    );
}

async function examineAll(context: CommandContext): Promise<number> {
  const { output } = context;
  const checks = await examine(await context.doctor(), (what) => output.progress(`looking at the ${what} …`));
  output.progress('');
  output.out(output.json ? safeJson(doctorJson(checks, null), 2) : doctorText(checks, viewOf(context)));
  return statusOf(checks);
}

async function examineHost(context: CommandContext, asked: string): Promise<number> {
  const { output } = context;
  output.progress(`asking ${asked} …`);
  const shown = await hostCase(context, asked);
  output.progress('');
  const own = shown.host?.isAgent === true ? [await ownPortsCheck(await context.doctor())] : [];
  const checks = [...diagnose(shown), ...own];
  const host = { asked, id: shown.host?.id ?? null, address: shown.address };
  output.out(output.json ? safeJson(doctorJson(checks, host), 2) : doctorText(checks, viewOf(context)));
  return statusOf(checks);
}

function statusOf(checks: readonly { readonly verdict: string }[]): number {
  return checks.some(({ verdict }) => verdict === 'fault') ? EXIT.failed : EXIT.done;
}
