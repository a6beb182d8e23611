import { type Command, Option } from 'commander';
import { SEVERITIES, type Severity } from '../../domain/finding.ts';
import { safeJson } from '../../domain/text.ts';
import { tendedJson, tendedText, trialJson, trialText } from '../render/mqtt.ts';
import { type CommandContext, type Tended, UsageError } from './context.ts';
import { type Act, EXIT, examples, type Invocation } from './invocation.ts';
import { named } from './lookup.ts';

/** `mqtt test|republish|remove-all`. */
export function addMqtt(program: Command, act: Act): void {
  const mqtt = program
    .command('mqtt')
    .description('try the broker, send everything to it again, or take everything out of it')
    .addHelpText('after', examples('smbwarden mqtt test', 'smbwarden mqtt republish'));
  addTest(mqtt, act);
  addRepublish(mqtt, act);
  addRemoveAll(mqtt, act);
}

function addTest(mqtt: Command, act: Act): void {
  mqtt
    .command('test')
    .description('send a test alert and say how far it came; exit status 1 when it did not come back')
    .addOption(new Option('--severity <severity>', `of the alert: ${SEVERITIES.join(', ')}`).default('high'))
    .addHelpText('after', examples('smbwarden mqtt test', 'smbwarden mqtt test --severity critical'))
    .action(
      act(async ({ output, context: build }, { severity }: { severity: string }) => {
        const wanted = named<Severity>(severity, SEVERITIES, '--severity');
        const context = withBroker('test', build());
        const trial = await context.broker.test(wanted);
        output.out(output.json ? safeJson(trialJson(trial), 2) : trialText(trial));
        return trial.steps.some(({ error }) => error !== null) ? EXIT.failed : EXIT.done;
      }),
    );
}

function addRepublish(mqtt: Command, act: Act): void {
  mqtt
    .command('republish')
    .description('send everything that the broker keeps for Home Assistant again')
    .addHelpText('after', examples('smbwarden mqtt republish'))
    .action(
      act(async ({ context: build }) => {
        const context = withBroker('republish', build());
        return print('republish', await context.broker.republish(), context);
      }),
    );
}

function addRemoveAll(mqtt: Command, act: Act): void {
  mqtt
    .command('remove-all')
    .description('take every device out of Home Assistant and every message out of the broker')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('smbwarden mqtt remove-all', 'smbwarden mqtt remove-all --yes'))
    .action(
      act(async ({ context: build, confirm }, { yes = false }: { yes?: boolean }) => {
        const context = withBroker('remove-all', build());
        if (!yes && !(await isConfirmed(confirm))) {
          context.output.err('nothing was removed');
          return EXIT.failed;
        }
        return print('remove-all', await context.broker.removeAll(), context);
      }),
    );
}

/** @throws UsageError where no broker is configured. */
function withBroker(command: string, context: CommandContext): CommandContext {
  if (context.config.mqtt.url === null) {
    const where = context.configFile ?? 'the configuration (there is no file yet: "smbwarden config init")';
    throw new UsageError(`mqtt ${command}: no broker is configured; set mqtt.url in ${where}`);
  }
  return context;
}

/** @throws UsageError where there is nobody to ask. */
function isConfirmed(confirm: Invocation['confirm']): Promise<boolean> {
  if (confirm === null) {
    throw new UsageError(
      'mqtt remove-all: this removes the devices from Home Assistant; add --yes, since there is no terminal to ask on',
    );
  }
  return confirm('Remove every device of this smbwarden from Home Assistant?');
}

function print(command: 'republish' | 'remove-all', tended: Tended, { output }: CommandContext): number {
  output.out(output.json ? safeJson(tendedJson(tended), 2) : tendedText(command, tended));
  const left = command === 'remove-all' && tended.retained > 0;
  return tended.settled && !left ? EXIT.done : EXIT.failed;
}
