/**
 * Bundles the sources into dist/: one file that needs nothing but a runtime, better-sqlite3, and what lies beside it, the
 * migrations and the table of manufacturers. Run by `npm ci`.
 */
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { buildVendors } from './build-vendors.mjs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const root = new URL('..', import.meta.url).pathname;

rmSync(`${root}/dist`, { recursive: true, force: true });
mkdirSync(`${root}/dist`, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['agent/cli.ts'],
  outfile: 'dist/smbwarden.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  minify: true,
  legalComments: 'none',
  external: ['better-sqlite3'],
  define: { SMBWARDEN_VERSION: JSON.stringify(version) },
  // node-cron uses import.meta.url and some CommonJS packages call require: an ES module has to be given one.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
});
buildVendors(`${root}/dist/vendors.bin`);
cpSync(`${root}/storage/migrations`, `${root}/dist/migrations`, { recursive: true });
