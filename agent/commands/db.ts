import type { Command } from 'commander';
import { safeJson, visible } from '../../domain/text.ts';
import { checkJson, checkText, restoreJson, restoreText, sizeText } from '../render/db.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { viewOf } from './output.ts';

/** `db backup|restore|check|vacuum`. */
export function addDb(program: Command, act: Act): void {
  const db = program
    .command('db')
    .description('look after the database: back it up, restore, check or compact it')
    .addHelpText('after', examples('smbwarden db check', 'smbwarden db backup /mnt/usb/smbwarden.db'));
  addBackup(db, act);
  addRestore(db, act);
  addCheckAndVacuum(db, act);
}

function addBackup(db: Command, act: Act): void {
  db.command('backup')
    .description('write a compact copy of the whole history; the daemon may be running')
    .argument('<file>', 'where to')
    .option('--force', 'overwrite a file that is there')
    .addHelpText('after', examples('smbwarden db backup /mnt/usb/smbwarden.db'))
    .action(
      act(({ output, context }, file: string, { force = false }: { force?: boolean }) => {
        const backup = context().upkeep.backUp(file, force);
        if (output.json) output.out(safeJson({ schema: 1, backup }, 2));
        else if (!output.quiet) output.out(`wrote ${visible(backup.file)} (${sizeText(backup.size)})`);
        return EXIT.done;
      }),
    );
}

function addRestore(db: Command, act: Act): void {
  db.command('restore')
    .description(
      'make a backup the history; refused while the daemon runs. The present history is kept beside it',
    )
    .argument('<file>', 'the backup; it stays as it is')
    .addHelpText(
      'after',
      examples('smbwarden db restore /var/lib/smbwarden/backup/smbwarden-2026-11-21T031500Z.db'),
    )
    .action(
      act(async ({ output, context: build }, file: string) => {
        const context = build();
        const report = await context.upkeep.restore(file);
        if (output.json) output.out(safeJson(restoreJson(report), 2));
        else if (!output.quiet) output.out(restoreText(report, viewOf(context)));
        return EXIT.done;
      }),
    );
}

function addCheckAndVacuum(db: Command, act: Act): void {
  db.command('check')
    .description('look at every page of the database; exit status 1 when it is damaged')
    .addHelpText('after', examples('smbwarden db check', 'smbwarden db check --json'))
    .action(
      act(({ output, context }) => {
        const checked = context().upkeep.check();
        output.out(output.json ? safeJson(checkJson(checked), 2) : checkText(checked));
        return checked.faults.length === 0 ? EXIT.done : EXIT.failed;
      }),
    );
  db.command('vacuum')
    .description('rewrite the database without free space; space is given back daily anyway')
    .addHelpText('after', examples('smbwarden db vacuum'))
    .action(
      act(async ({ output, context }) => {
        const { before, after } = await context().upkeep.vacuum();
        if (output.json) output.out(safeJson({ schema: 1, vacuum: { before, after } }, 2));
        else if (!output.quiet) output.out(`${sizeText(before)} before, ${sizeText(after)} now`);
        return EXIT.done;
      }),
    );
}
