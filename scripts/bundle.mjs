/** How the sources become the modules in dist/. */
import { build } from 'esbuild';
import { leaveOut } from './leave-out.mjs';

/**
 * The modules, with their paths and code, and esbuild's account of what went into which (`metafile`). `smbwarden.mjs` is the
 * program; it loads the others when they are wanted, so that the daemon does without the commands. Nothing is written.
 */
export async function bundle(root, version) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { smbwarden: 'agent/cli.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    legalComments: 'none',
    external: ['better-sqlite3'],
    plugins: [leaveOut],
    metafile: true,
    define: { SMBWARDEN_VERSION: JSON.stringify(version) },
    // node-cron uses import.meta.url and some CommonJS packages call require: an ES module has to be given one.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  });
  return { files: outputFiles.map(({ path, text }) => ({ path, code: inAscii(text) })), metafile };
}

/** With a single letter beyond Latin-1 in it, V8 keeps a source with two bytes a letter. esbuild escapes all but templates. */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
