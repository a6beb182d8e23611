import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: build scripts are plain JavaScript without types.
import { bundle } from '../scripts/bundle.mjs';

interface Bundled {
  readonly files: readonly { readonly path: string; readonly code: string }[];
  readonly metafile: {
    readonly outputs: Readonly<
      Record<
        string,
        {
          readonly inputs: Readonly<Record<string, object>>;
          readonly imports: readonly { readonly path: string; readonly kind: string }[];
        }
      >
    >;
  };
}

const { files, metafile }: Bundled = await bundle(new URL('..', import.meta.url).pathname, '1.0.0');

/** Sources of everything that is loaded together with a module of dist/. */
function loadedWith(module: string, seen = new Set<string>()): string[] {
  if (seen.has(module)) return [];
  seen.add(module);
  const { inputs = {}, imports = [] } = metafile.outputs[module] ?? {};
  const further = imports.filter(({ kind }) => kind === 'import-statement');
  return [...Object.keys(inputs), ...further.flatMap(({ path }) => loadedWith(path, seen))];
}

const DAEMON = loadedWith('dist/smbwarden.mjs');

describe('what the daemon loads', () => {
  it('is there to be seen', () => {
    expect(DAEMON).toContain('agent/daemon.ts');
    expect(DAEMON).toContain('agent/commands/run.ts');
  });

  it('is no other command, no report and no doctor', () => {
    expect(DAEMON).not.toContain('agent/commands/hosts.ts');
    expect(DAEMON.filter((source) => /^agent\/(render|doctor)\//.test(source))).toEqual([]);
  });

  it('leaves out what its libraries bring along for others', () => {
    const left = /node_modules\/(socks|worker-timers|thread-stream|readable-stream|debug)\//;
    expect(DAEMON.filter((source) => left.test(source))).toEqual([]);
  });
});

describe('the modules', () => {
  it('lie side by side, so that each finds what lies beside it', () => {
    expect(files.map(({ path }) => path).sort()).toEqual(
      files.map(({ path }) => new URL(`../dist/${basename(path)}`, import.meta.url).pathname).sort(),
    );
  });

  it('are in ASCII', () => {
    for (const { code } of files) expect(/[^\0-\x7f]/.test(code)).toBe(false);
  });
});
