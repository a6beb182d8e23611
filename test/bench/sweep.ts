import type { Lab } from '../lab/build-lab.ts';
import { SUBNET } from '../lab/lan.ts';
import { Program } from '../lab/program.ts';
import { ended } from '../lab/run.ts';
import { forgetNeighbours, HOME, measureInLab, missingInLab } from './in-lab.ts';
import { type Measured, ofRounds, type Section } from './section.ts';

const PACES = ['fast', 'normal'] as const;
type Pace = (typeof PACES)[number];

/** A third of nmap's time at pace fast, half of it at the default pace. */
const MOST_OF_NMAP: Readonly<Record<Pace, number>> = { fast: 1 / 3, normal: 1 / 2 };
const NMAP = ['nmap', '-n', '-sS', '-p135,139,445', SUBNET] as const;
const NBTSCAN = ['nbtscan', '-q', SUBNET] as const;

/** One sweep: until the last live host's result, and the whole command; milliseconds. */
interface SweepTimes {
  readonly lastResult: number;
  readonly command: number;
}

/** A sweep of the lab's /24 beside the tools that a user would take instead, on an empty neighbour table each time. */
export const sweepSection: Section = {
  name: 'sweep',
  about: `a /24 with ${HOME.length} hosts: presence, node status, 135, 139 and 445, one negotiate per SMB host`,
  missing: missingInLab,
  run: ({ quick, say }) =>
    measureInLab(HOME, async (lab) => {
      const ours: Record<Pace, SweepTimes[]> = { fast: [], normal: [] };
      const nmap: number[] = [];
      const nbtscan: number[] = [];
      const rounds = quick ? 1 : 7;
      for (let round = 1; round <= rounds; round += 1) {
        say(`round ${round} of ${rounds}`);
        for (const pace of PACES) ours[pace].push(await sweep(lab, pace, round));
        nmap.push(await commandMs(lab, NMAP));
        if (!quick) nbtscan.push(await commandMs(lab, NBTSCAN));
      }
      return rowsOf(ours, nmap, nbtscan);
    }),
};

function rowsOf(
  ours: Readonly<Record<Pace, readonly SweepTimes[]>>,
  nmap: readonly number[],
  nbtscan: readonly number[],
): Measured[] {
  const beside = (rounds: readonly number[], command: readonly string[], mostRatio: number | null) => ({
    what: `\`${command.join(' ')}\``,
    rounds,
    mostRatio,
  });
  const results = (pace: Pace) => ours[pace].map(({ lastResult }) => lastResult);
  const commands = (pace: Pace) => ours[pace].map(({ command }) => command);
  return [
    ...PACES.map((pace) =>
      ofRounds(results(pace), {
        what: `until the last live host's result, pace ${pace}`,
        unit: 'ms',
        most: null,
        peer: beside(nmap, NMAP, MOST_OF_NMAP[pace]),
      }),
    ),
    ...PACES.map((pace) =>
      ofRounds(commands(pace), {
        what: `the whole command, pace ${pace}`,
        unit: 'ms',
        most: null,
        note: 'waits 3.2 s until nobody can be at a silent address any more',
        peer: beside(nmap, NMAP, null),
      }),
    ),
    ...(nbtscan.length === 0
      ? []
      : [
          ofRounds(results('fast'), {
            what: "until the last live host's result, pace fast",
            unit: 'ms',
            most: null,
            note: 'nbtscan asks for names alone',
            peer: beside(nbtscan, NBTSCAN, null),
          }),
        ]),
  ];
}

/** One sweep by a new installation. @throws Error when it does not see every host. */
async function sweep(lab: Lab, pace: Pace, round: number): Promise<SweepTimes> {
  const program = await Program.install(lab, `sweep-${pace}-${round}`, `pace: ${pace}\n`);
  await forgetNeighbours(lab);
  const { code, stdout, stderr, durationMs } = await program.run('sweep', '--level', 'L2', '--json');
  if (code !== 0) throw new Error(`smbwarden sweep, pace ${pace}: exit status ${code}: ${stderr}`);
  const { hostsUp, complete } = (JSON.parse(stdout) as { sweep: { hostsUp: number; complete: boolean } })
    .sweep;
  // The agent's own machine is a host, too.
  if (!complete || hostsUp !== lab.hosts.length + 1)
    throw new Error(
      `smbwarden sweep, pace ${pace}: ${hostsUp} of ${lab.hosts.length + 1} hosts, complete: ${complete}`,
    );
  const lastResult = program.inDatabase((database) =>
    Number(database.prepare('SELECT last_answer_ms FROM sweeps').pluck().get()),
  );
  return { lastResult, command: durationMs };
}

/** The whole command: these have nothing else to wait for at their end. @throws Error when it fails. */
async function commandMs(lab: Lab, [command, ...args]: readonly [string, ...string[]]): Promise<number> {
  await forgetNeighbours(lab);
  const ran = ended(await lab.agent.run(command, args, { timeoutMs: 60_000 }));
  if (ran.code !== 0) throw new Error(`${command} ${args.join(' ')}: exit status ${ran.code}: ${ran.stderr}`);
  return ran.durationMs;
}
