import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { run } from '../lab/run.ts';

/** The tools that something is compared with, and how each tells its version. */
const TOOLS: readonly (readonly [command: string, ...args: string[]])[] = [
  ['nmap', '--version'],
  ['nbtscan'],
  ['hyperfine', '--version'],
  ['smbd', '--version'],
  ['mosquitto', '-h'],
];

/** One sentence: processor, cores, memory, kernel, system, Node.js, and the versions of the tools that are here. */
export async function describeMachine(): Promise<string> {
  const processor = cpus()[0]?.model.trim() ?? 'an unknown processor';
  const memory = `${(totalmem() / 1e9).toFixed(1)} GB`;
  const virtual = /^flags.*\bhypervisor\b/m.test(readOr('/proc/cpuinfo', '')) ? 'virtual machine, ' : '';
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readOr('/etc/os-release', ''))?.[1] ?? 'Linux';
  const tools = await Promise.all(TOOLS.map(([command, ...args]) => versionOf(command, args)));
  return [
    `${virtual}${availableParallelism()} × ${processor} (${process.arch})`,
    `${memory} of memory`,
    `Linux ${release()}`,
    system,
    `Node.js ${process.versions.node}`,
    ...tools.filter((tool) => tool !== null),
  ].join(', ');
}

/** Processes that wanted to run during the last minute, on average: other work on this machine shows here. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** What makes measurements on this machine worse than they need be right now, a sentence each. */
export function troubles(): string[] {
  const namespaces = namespacesUp();
  const busy = loadNow() > availableParallelism() / 2;
  return [
    ...(busy
      ? [`load ${loadNow().toFixed(1)}: other work on this machine makes everything take longer`]
      : []),
    ...(namespaces === 0
      ? []
      : [`${namespaces} network namespaces are up: what fills the neighbour table there is missing here`]),
  ];
}

function namespacesUp(): number {
  try {
    return readdirSync('/run/netns').length;
  } catch {
    return 0;
  }
}

async function versionOf(command: string, args: readonly string[]): Promise<string | null> {
  const ran = await run(command, args).catch(() => null);
  const version = /\d+(\.\d+)+/.exec(`${ran?.stdout}${ran?.stderr}`)?.[0];
  return ran === null || version === undefined ? null : `${command} ${version}`;
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
