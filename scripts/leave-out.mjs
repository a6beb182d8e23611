/**
 * What the libraries bring along and the daemon never uses stays out of the bundle, or asleep in it: an esbuild plugin. What
 * each entry saves of a daemon's memory is in docs/benchmarks.md.
 */
import { dirname } from 'node:path';

/** By the module's name as it is imported: CommonJS that stands for it. */
const REPLACED = {
  // For browsers, whose own timers are throttled in the background.
  'worker-timers': '',
  // Switched on by an environment variable of its own; what mqtt has to say goes to our log.
  debug: 'const quiet = () => {}; quiet.enabled = false; module.exports = () => quiet;',
  // pino's log in another thread. Ours is written at once, in this one.
  'thread-stream': 'module.exports = class {};',
  // The same as Node's own, as a copy.
  'readable-stream': 'module.exports = require("node:stream");',
  // Two simple assertions of sonic-boom.
  assert: 'module.exports = (isTrue, text) => { if (!isTrue) throw new Error(text); };',
  // pino asks whether it runs in the main thread.
  worker_threads: 'exports.isMainThread = true;',
  // A second import of what every module has anyway; Node would set up all of its properties for it.
  process: 'module.exports = process;',
};

/** By the end of the path: functions that are called only by those who want them. */
const REFUSED = {
  '/pino/lib/transport.js': 'module.exports = () => { throw new Error("pino: transports are left out"); };',
  '/mqtt/build/lib/connect/socks.js':
    'exports.default = () => { throw new Error("mqtt: SOCKS is left out"); };',
};

/** Loaded at the first call, which is at most one: for a broker at `mqtts:`, or at `ws:` and `wss:`. */
const ASLEEP = { './tls': 'default', './ws': 'streamBuilder' };

export const leaveOut = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: /^[^.]/ }, ({ path, namespace }) => {
      const name = path.replace(/^node:/, '').replace(/\/$/, '');
      return namespace === 'file' && Object.hasOwn(REPLACED, name)
        ? { path: name, namespace: 'replaced' }
        : undefined;
    });
    build.onResolve({ filter: /^\.\/(tls|ws)$/ }, ({ path, importer, namespace }) =>
      namespace === 'file' && importer.endsWith('/mqtt/build/lib/connect/index.js')
        ? { path, namespace: 'asleep', pluginData: dirname(importer) }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'replaced' }, ({ path }) => ({ contents: REPLACED[path] }));
    build.onLoad({ filter: /./, namespace: 'asleep' }, ({ path, pluginData: resolveDir }) => ({
      contents: `exports.${ASLEEP[path]} = (...args) => require("${path}").${ASLEEP[path]}(...args);`,
      resolveDir,
    }));
    build.onLoad({ filter: /\/(pino\/lib\/transport|mqtt\/build\/lib\/connect\/socks)\.js$/ }, ({ path }) => {
      const [, contents] = Object.entries(REFUSED).find(([end]) => path.endsWith(end)) ?? [];
      return { contents };
    });
  },
};
