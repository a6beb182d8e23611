import type { Address } from '../../domain/address.ts';
import type { Lab } from '../lab/build-lab.ts';
import { Program } from '../lab/program.ts';
import { warmUp } from '../lab/warm-up.ts';
import { captured } from './capture.ts';
import { forgetNeighbours, HOME, measureInLab, missingInLab } from './in-lab.ts';
import { type Attempt, attemptsAt, type Packet, spentOn } from './packets.ts';
import { type Measured, median, ofRounds, type Section, type SectionOptions } from './section.ts';
import { figure } from './tables.ts';

const PACES = ['fast', 'normal'] as const;
/** Two attempts of 400 ms at each of three ports, which begin 100 ms apart: docs/probing.md. */
const SLOWEST_VISIT_MS = 2 * 400 + 2 * 100;
/** An address is given up after three ARP requests, a second apart, as the kernel sends them. */
const THREE_ARP_REQUESTS_MS = 3_000;
/** Whose visits are told one by one: as they behave, not as they are called. */
const SHOWN = ['nas', 'ancient', 'bare', 'rejecting', 'firewalled'];

/** One command, milliseconds since its first packet. */
interface Course {
  /** The command was given: a negative number. */
  readonly givenAt: number;
  /** The last of all addresses was asked. */
  readonly allAskedAt: number;
  /** The last live host's result was there. */
  readonly lastResultAt: number;
  /** Nobody could be at a silent address any more, and everything had been compared with what was known. */
  readonly settledAt: number;
  readonly endedAt: number;
  readonly packets: readonly Packet[];
}

/** Where the time of a sweep goes, by what is on the wire; and how far that is from what the rules allow. */
export const stagesSection: Section = {
  name: 'stages',
  about: `where the time of a /24 with ${HOME.length} hosts goes, by a capture of what is on the wire`,
  inWholeRunsOnly: true,
  missing: missingInLab,
  run: (options) =>
    measureInLab(HOME, async (lab) => {
      const { quick, say } = options;
      const rows: Measured[] = [];
      for (const pace of quick ? PACES.slice(0, 1) : PACES) {
        const courses: Course[] = [];
        for (let round = 1; round <= (quick ? 1 : 5); round += 1) {
          say(`pace ${pace}, round ${round}`);
          await forgetNeighbours(lab);
          courses.push(await courseOf(lab, `stages-${pace}-${round}`, `pace: ${pace}\n`, ['--level', 'L2']));
        }
        rows.push(...limits(pace, courses));
        showStages(pace, courses, options);
        showVisits(lab, pace, courses, options);
      }
      if (!quick) await showPosture(lab, options);
      return rows;
    }),
};

/** Runs one sweep by a new installation. */
async function courseOf(lab: Lab, name: string, config: string, args: readonly string[]): Promise<Course> {
  const program = await Program.install(lab, name, config);
  const { result, packets } = await captured(lab, async () => {
    const givenAt = performance.timeOrigin + performance.now();
    return { givenAt, ran: await program.run('sweep', ...args) };
  });
  const { givenAt, ran } = result;
  if (ran.code !== 0) throw new Error(`smbwarden sweep: exit status ${ran.code}: ${ran.stderr}`);
  // What comes in before may still be an answer to the sweep before.
  const first = packets.find(({ isOurs, at }) => isOurs && at > givenAt)?.at ?? Number.NaN;
  const sweep = program.inDatabase((database) =>
    database.prepare<[], { last_answer_ms: number; finished_at: number }>('SELECT * FROM sweeps').get(),
  );
  const firstAsked = new Map(
    packets
      .filter(({ isOurs, protocol }) => isOurs && protocol === 'arp')
      .reverse()
      .map(({ address, at }) => [address, at]),
  );
  return {
    givenAt: givenAt - first,
    allAskedAt: Math.max(...firstAsked.values()) - first,
    lastResultAt: sweep?.last_answer_ms ?? Number.NaN,
    settledAt: (sweep?.finished_at ?? Number.NaN) - first,
    endedAt: givenAt + ran.durationMs - first,
    packets: packets.filter(({ at }) => at >= first).map((packet) => ({ ...packet, at: packet.at - first })),
  };
}

/** What the rules make unavoidable, and what there is beyond it. */
function limits(pace: string, courses: readonly Course[]): Measured[] {
  const beside = (what: string, value: number) => ({ what, rounds: [value], mostRatio: null });
  return [
    ofRounds(
      courses.map(({ lastResultAt }) => lastResultAt),
      {
        what: `until the last live host's result, pace ${pace}`,
        unit: 'ms',
        most: null,
        peer: beside(
          'a host that drops everything: 3 ports 100 ms apart, 400 ms, one repeat',
          SLOWEST_VISIT_MS,
        ),
      },
    ),
    ofRounds(
      courses.map(({ settledAt }) => settledAt),
      {
        what: `until nobody can be at a silent address any more, pace ${pace}`,
        unit: 'ms',
        most: null,
        peer: beside('three ARP requests, a second apart, to the last address', THREE_ARP_REQUESTS_MS),
      },
    ),
  ];
}

function showStages(pace: string, courses: readonly Course[], { show }: SectionOptions): void {
  const stages: readonly [string, (course: Course) => number, (course: Course) => number][] = [
    ['start of the command: runtime, configuration, database', ({ givenAt }) => givenAt, () => 0],
    ['a datagram to every address', () => 0, ({ allAskedAt }) => allAskedAt],
    ['visits to the live hosts, meanwhile and after', () => 0, ({ lastResultAt }) => lastResultAt],
    ['nothing but silent addresses', ({ lastResultAt }) => lastResultAt, ({ settledAt }) => settledAt],
    ['recorded, told, ended', ({ settledAt }) => settledAt, ({ endedAt }) => endedAt],
  ];
  const middle = (of: (course: Course) => number): number => median(courses.map(of));
  show({
    caption: `One sweep at pace ${pace}, stage by stage, in milliseconds since its first packet (medians of ${courses.length}):`,
    header: ['stage', 'from', 'to', 'takes'],
    rows: stages.map(([name, from, to]) => [
      name,
      ...[middle(from), middle(to), middle((course) => to(course) - from(course))].map((ms) =>
        figure(Math.round(ms)),
      ),
    ]),
  });
}

function showVisits(lab: Lab, pace: string, courses: readonly Course[], { show }: SectionOptions): void {
  const hosts = lab.hosts.filter(({ name }) => SHOWN.includes(name));
  const rows = hosts.map(({ member, address }) => {
    const visits = courses.map(({ packets }) => visitIn(packets, address));
    const middle = (of: (visit: VisitTimes) => number): string => figure(Math.round(median(visits.map(of))));
    return [
      member.plays,
      middle(({ askedAt }) => askedAt),
      middle(({ noticed }) => noticed),
      middle(({ connected }) => connected),
      middle(({ waiting }) => waiting),
      middle(({ paused }) => paused),
      middle(({ endedAt }) => endedAt),
    ];
  });
  show({
    caption: `Single visits of these sweeps, pace ${pace}, in milliseconds; the first and the last column since the first packet:`,
    header: ['host', 'asked at', 'noticed after', 'connected', 'waiting for an answer', 'pauses', 'done at'],
    rows,
  });
}

interface VisitTimes {
  /** When the address was asked first. */
  readonly askedAt: number;
  /** From the host's answer to ARP to our first attempt to connect. */
  readonly noticed: number;
  readonly connected: number;
  readonly waiting: number;
  readonly paused: number;
  readonly endedAt: number;
}

function visitIn(packets: readonly Packet[], address: Address): VisitTimes {
  const attempts = attemptsAt(address, packets);
  const arp = packets.filter((packet) => packet.protocol === 'arp' && packet.address === address);
  const askedAt = arp.find(({ isOurs }) => isOurs)?.at ?? Number.NaN;
  const answeredAt = arp.find(({ isOurs, at }) => !isOurs && at >= askedAt)?.at ?? Number.NaN;
  const spent = spentOn(attempts);
  return { askedAt, noticed: (attempts[0]?.askedAt ?? Number.NaN) - answeredAt, ...spent };
}

/** How the full posture of one Samba spends its time. */
async function showPosture(lab: Lab, { say, show }: SectionOptions): Promise<void> {
  const nas = lab.host('nas');
  await warmUp(lab.agent, [nas]);
  say('full posture of a single Samba');
  const courses: Course[] = [];
  for (let round = 1; round <= 3; round += 1)
    courses.push(
      await courseOf(lab, `stages-posture-${round}`, '', ['--level', 'L4', '--subnet', nas.address]),
    );
  const visits = courses.map(({ packets }) => attemptsAt(nas.address, packets));
  const middle = (of: (attempts: readonly Attempt[], i: number) => number): string =>
    figure(Math.round(median(visits.map(of))));
  show({
    caption: 'Full posture of a single ordinary Samba, in milliseconds (medians of 3):',
    header: [
      'start of the command',
      'connections',
      'connected',
      'pauses of 100 ms between them',
      'recorded, told, ended',
    ],
    rows: [
      [
        middle((_, i) => -(courses[i]?.givenAt ?? Number.NaN)),
        middle((attempts) => attempts.length),
        middle((attempts) => spentOn(attempts).connected),
        middle((attempts) => spentOn(attempts).paused),
        middle((attempts, i) => (courses[i]?.endedAt ?? Number.NaN) - spentOn(attempts).endedAt),
      ],
    ],
  });
}
