import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/build-lab.ts';
import { SUBNET } from '../lab/lan.ts';
import { POSTURE_SCRIPTS } from '../lab/nmap.ts';
import { Program } from '../lab/program.ts';
import { run, runOrThrow } from '../lab/run.ts';
import { warmUp } from '../lab/warm-up.ts';
import { HOME, measureInLab, missingInLab } from './in-lab.ts';
import { ofRounds, type Section } from './section.ts';

const AS_NOBODY = 'setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs';
const WITHIN_MS = 300_000;

/** Whole commands once more, by somebody else's stopwatch: it cannot be ours that is wrong. */
export const stopwatchSection: Section = {
  name: 'stopwatch',
  about: 'whole commands, timed by hyperfine, each with an empty database and an empty neighbour table',
  inWholeRunsOnly: true,
  missing: async () => [...(await missingInLab()), ...(await missingHyperfine())],
  run: ({ quick, say }) =>
    measureInLab(HOME, async (lab) => {
      const nas = lab.host('nas');
      await warmUp(lab.agent, [nas]);
      const runs = quick ? 1 : 5;
      const scripts = POSTURE_SCRIPTS.join();
      const pairs = [
        {
          what: 'sweep of the /24 at L2, pace fast',
          ours: ['sweep', '--level', 'L2'],
          peer: `nmap -n -sS -p135,139,445 ${SUBNET}`,
        },
        {
          what: 'full posture of a single ordinary Samba',
          ours: ['sweep', '--level', 'L4', '--subnet', nas.address],
          peer: `nmap -n -Pn -sS -sU -p T:139,445,U:137 --script ${scripts} ${nas.address}`,
        },
      ];
      const rows = [];
      for (const { what, ours, peer } of quick ? pairs.slice(1) : pairs) {
        say(what);
        const [mine = [], theirs = []] = await timesOf(lab, ours, peer, runs);
        const [tool = ''] = peer.split(' ');
        const beside = { what: tool, rounds: theirs, mostRatio: null };
        rows.push(ofRounds(mine, { what, unit: 'ms', most: null, peer: beside }));
      }
      return rows;
    }),
};

/** Milliseconds of each run of a command of ours and of another, in this order. */
async function timesOf(lab: Lab, ours: readonly string[], peer: string, runs: number): Promise<number[][]> {
  const program = await Program.install(lab, `stopwatch-${ours.length}`, 'pace: fast\n');
  const results = join(lab.folder, 'hyperfine.json');
  const prepare = `rm -f ${program.dataDir}/*; ip neigh flush all`;
  const commands = [`${AS_NOBODY} ${program.commandLine(...ours)}`, peer];
  const args = ['--style=none', '--shell=default', `--runs=${runs}`, `--prepare=${prepare}`];
  await runOrThrow(
    'ip',
    ['netns', 'exec', lab.agent.namespace, 'hyperfine', ...args, `--export-json=${results}`, ...commands],
    { timeoutMs: WITHIN_MS },
  );
  const told = JSON.parse(readFileSync(results, 'utf8')) as { results: { times: number[] }[] };
  return told.results.map(({ times }) => times.map((seconds) => seconds * 1_000));
}

async function missingHyperfine(): Promise<string[]> {
  const ran = await run('hyperfine', ['--version']).catch(() => null);
  return ran === null ? ['missing packages: apt-get install hyperfine'] : [];
}
