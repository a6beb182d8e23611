/**
 * Bundles the sources into dist/: modules that need nothing but a runtime, better-sqlite3, and what lies beside them, the
 * migrations and the table of manufacturers. Run by `npm ci`.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { buildVendors } from './build-vendors.mjs';
import { bundle } from './bundle.mjs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const root = new URL('..', import.meta.url).pathname;

rmSync(`${root}/dist`, { recursive: true, force: true });
mkdirSync(`${root}/dist`, { recursive: true });
const { files } = await bundle(root, version);
for (const { path, code } of files) writeFileSync(path, code);
buildVendors(`${root}/dist/vendors.bin`);
cpSync(`${root}/storage/migrations`, `${root}/dist/migrations`, { recursive: true });
