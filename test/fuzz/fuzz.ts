/**
 * `npm run fuzz`: mutated fixtures, millions of them, against every decoder of probes/wire. Nothing but a DecodeError may
 * get out, and no input may take a millisecond. Exit 1 where one does.
 */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type FuzzFailure, type FuzzOutcome, fuzz } from './run.ts';
import { TARGETS } from './targets.ts';

const SLOWEST_ALLOWED_MS = 1;
const SLOWEST_SHOWN = 5;
const STALL_MS = 30_000;

const program: Command = new Command('fuzz')
  .description('mutated messages against every decoder: nothing but DecodeError may get out')
  .option('--executions <n>', 'inputs in all', wholeNumber, 20_000_000)
  .option('--seconds <n>', 'begin nothing more after so long', wholeNumber)
  .option('--seed <n>', 'of 32 bits; the same seed makes the same inputs', wholeNumber)
  .option('--target <name>', 'with --input: the decoder to try it on')
  .option('--input <hex>', 'with --target: decode this one input and show how it ends')
  .action(async (options: Options) => {
    const { target, input } = options;
    if (target !== undefined && input !== undefined) tryOne(target, input);
    else if (target !== undefined || input !== undefined) program.error('--target and --input go together');
    else process.exitCode = (await fuzzAll(options)) ? 0 : 1;
  });

interface Options {
  readonly executions: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly target?: string;
  readonly input?: string;
}

/** True when nothing was found. */
async function fuzzAll({ executions, seconds, seed = Date.now() >>> 0 }: Options): Promise<boolean> {
  const threads = availableParallelism();
  console.log(
    `Fuzzing ${TARGETS.length} decoders with seed ${seed} on ${threads} threads, Node.js ${process.version}`,
  );
  const outcome = await fuzz({
    targets: new URL('targets.ts', import.meta.url),
    executions,
    limitMs: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1_000,
    seed,
    threads,
    stallMs: STALL_MS,
  });
  const slowest = slowestOf(outcome);
  const tooSlow = slowest.filter(({ ms }) => ms >= SLOWEST_ALLOWED_MS);
  console.log(countsText(outcome, seed));
  console.log(
    `\nSlowest inputs, timed again alone, the best of ten:\n${slowest.slice(0, SLOWEST_SHOWN).map(slowText).join('\n')}`,
  );
  for (const failure of outcome.failures) console.error(failureText(failure, seed));
  for (const { name, bytes } of tooSlow) {
    console.error(`\nToo slow: ${name}, ${SLOWEST_ALLOWED_MS} ms or more. ${reproduction(name, bytes)}`);
  }
  return outcome.failures.length === 0 && tooSlow.length === 0;
}

function countsText({ executions, durationMs, tallies }: FuzzOutcome, seed: number): string {
  const perSecond = Math.round((executions / durationMs) * 1_000);
  const width = Math.max(...tallies.map(({ name }) => name.length));
  const line = (name: string, ...cells: readonly string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(13)).join('')}`;
  const rows = tallies.map(({ name, accepted, refused }) =>
    line(name, number(accepted + refused), number(accepted), number(refused)),
  );
  return [
    `${number(executions)} executions in ${(durationMs / 1_000).toFixed(1)} s: ${number(perSecond)} per second, seed ${seed}`,
    '',
    line('decoder', 'executions', 'accepted', 'DecodeError'),
    ...rows,
  ].join('\n');
}

interface SlowInput {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly ms: number;
}

function slowestOf({ tallies }: FuzzOutcome): SlowInput[] {
  return tallies
    .flatMap(({ name, slowest }) => slowest.map((timed) => ({ name, ...timed })))
    .sort((a, b) => b.ms - a.ms);
}

function slowText({ name, bytes, ms }: SlowInput): string {
  return `  ${(ms * 1_000).toFixed(1).padStart(7)} µs  ${name}, ${number(bytes.length)} bytes`;
}

const WHAT_HAPPENED: Readonly<Record<FuzzFailure['kind'], string>> = {
  threw: 'threw something other than a DecodeError',
  hung: `had not returned after ${STALL_MS / 1_000} s`,
  crashed: 'took its thread down',
};

function failureText({ target, bytes, kind }: FuzzFailure, seed: number): string {
  return `\n${target} ${WHAT_HAPPENED[kind]} (seed ${seed}). ${reproduction(target, bytes)}`;
}

function reproduction(target: string, bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `Reproduce with:\n  npm run fuzz -- --target ${target} --input ${hex === '' ? "''" : hex}`;
}

/** Decodes one input and shows the message, or lets what was thrown end the program with its stack. */
function tryOne(name: string, hex: string): void {
  const target = TARGETS.find((each) => each.name === name);
  if (target === undefined) {
    program.error(`--target ${name}: known are ${TARGETS.map((each) => each.name).join(', ')}`);
  }
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) program.error('--input: write two hex digits for each byte');
  console.log(target.decode(Uint8Array.from(Buffer.from(hex, 'hex'))));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('write a whole number');
  return Number(text);
}

function number(value: number): string {
  return value.toLocaleString('en');
}

await program.parseAsync();
