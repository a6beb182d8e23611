import { type Command, Option } from 'commander';
import { exportPieces, FORMATS, type Format } from '../render/export.ts';
import { EXPORTS, type Exported } from '../render/export-kinds.ts';
import { type CommandContext, type Output, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { named } from './lookup.ts';
import { agentOf, readingThroughout } from './reading.ts';

interface Options {
  readonly format?: Format;
  readonly what?: string;
}

/** `export`: everything that is recorded, for other programs, written bit by bit. */
export function addExport(program: Command, act: Act): void {
  program
    .command('export')
    .description('write everything that is recorded to standard output, for other programs')
    .addOption(new Option('--format <format>', 'json (the default), ndjson, or csv').choices(FORMATS))
    .option('--what <kind>', `${EXPORTS.join(', ')} (default: all of them; CSV takes one)`)
    .addHelpText(
      'after',
      examples(
        'smbwarden export --format json > smbwarden.json',
        'smbwarden export --format csv --what findings > findings.csv',
        'smbwarden export --format ndjson --what changes | tail -n 20',
      ),
    )
    .action(
      act(async ({ output, context: build }, options: Options) => {
        const format = formatOf(options, output);
        const what = whatOf(options, format);
        await writeExport(build(), format, what);
        return EXIT.done;
      }),
    );
}

/** @throws UsageError */
function formatOf({ format }: Options, { json }: Output): Format {
  if (json && format !== undefined && format !== 'json') {
    throw new UsageError(`export --json --format ${format}: these are two formats; name one of them`);
  }
  return format ?? 'json';
}

/** @throws UsageError */
function whatOf({ what }: Options, format: Format): Selection {
  if (what !== undefined) return [named(what, EXPORTS, '--what')];
  if (format === 'csv') {
    throw new UsageError(`export --format csv: a table holds one kind; add --what ${EXPORTS.join('|')}`);
  }
  return EXPORTS;
}

type Selection = readonly [Exported, ...Exported[]];

/** So much is written at a time. */
const CHUNK_CHARACTERS = 65_536;

/** @throws Error that says how much was written, NotFoundError, StorageError */
async function writeExport(context: CommandContext, format: Format, what: Selection): Promise<void> {
  await readingThroughout(context, async (storage) => {
    const { history } = storage;
    const pieces = exportPieces(format, what, {
      agent: agentOf(context, storage),
      at: context.now(),
      hosts: history.hosts(),
      vendorOf: context.vendorOf,
      changes: () => history.allChanges(),
      intervals: () => history.allIntervals(),
      sweeps: () => history.allSweeps(),
    });
    const attempted = `export ${what.length === 1 ? what[0] : 'everything'} as ${format}`;
    const writer = recordWriter(attempted, context.output);
    for (const { text, records } of pieces) await writer.add(text, records);
    await writer.flush();
  });
}

/** Gathers pieces into chunks, and counts the records that have been written. */
function recordWriter(attempted: string, output: Output) {
  let chunk = '';
  let gathered = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    try {
      await output.write(chunk);
    } catch (error) {
      const { message } = error as Error;
      const told = `${written} complete records were written before, the output is not whole`;
      throw new Error(`${attempted}: ${message}; ${told}`, { cause: error });
    }
    written += gathered;
    chunk = '';
    gathered = 0;
  };
  return {
    async add(text: string, records: number): Promise<void> {
      chunk += text;
      gathered += records;
      if (chunk.length >= CHUNK_CHARACTERS) await flush();
    },
    flush,
  };
}
