import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { castOf } from '../lab/hosts.ts';
import { type Listener, listenTo } from '../lab/listener.ts';
import { preparePlace } from './crowded-home.ts';
import { HOME, measureInLab, missingInLab } from './in-lab.ts';
import { MeasuredDaemon, unitFlags } from './measured-daemon.ts';
import { type Measured, ofRounds, type Section } from './section.ts';

const MOST_BYTES_A_SWEEP = 200;
/** What the daemon still publishes after it has answered that the sweep is over. */
const LAST_WORDS_MS = 500;
/** Until everything that is asked at first sight has been asked, and today's rows of the ledger are there. */
const SWEEPS_BEFORE = 2;

/** For a quick run: without the host that drops everything, which each sweep waits 9 s for. */
const FEW = castOf('broker', 'nas', 'legacy', 'bare', 'printer');
/** And without the silent addresses, which each waits 3.2 s for. */
const TARGETS = `targets: [${FEW.map(({ address }) => address).join(', ')}]\n`;

/** What a sweep that finds everything as before says on MQTT, and what it leaves in the database. */
export const unchangedSection: Section = {
  name: 'unchanged',
  about: `sweeps of a /24 with ${HOME.length} hosts by the daemon, connected to Mosquitto, that find everything as before`,
  missing: missingInLab,
  run: ({ quick, say }) =>
    measureInLab(quick ? FEW : HOME, async (lab) => {
      const place = await preparePlace(lab, 'unchanged');
      if (quick) await appendFile(place.configFile, TARGETS);
      const listener = listenTo(lab);
      await listener.ready();
      const daemon = await MeasuredDaemon.start(lab, place, unitFlags());
      try {
        await daemon.isConnected();
        const sweeps = quick ? 2 : 12;
        for (let n = 0; n < SWEEPS_BEFORE; n += 1) await sweepAndListen(daemon, listener);
        const heard: string[][] = [];
        const database = `${place.dataDir}/smbwarden.db`;
        const before = bytesIn(database);
        for (let n = 1; n <= sweeps; n += 1) {
          say(`sweep ${n} of ${sweeps}`);
          heard.push(await sweepAndListen(daemon, listener));
        }
        return rowsOf(heard, (bytesIn(database) - before) / sweeps);
      } finally {
        listener.stop();
        await daemon.stop();
      }
    }),
};

function rowsOf(heard: readonly (readonly string[])[], growth: number): Measured[] {
  const own = heard.map((topics) => topics.filter(isOwnState).length);
  const others = heard.map((topics) => topics.filter((topic) => !isOwnState(topic)).length);
  const strange = [...new Set(heard.flat().filter((topic) => !isOwnState(topic)))];
  return [
    ofRounds(own, { what: "messages about the agent's own state, a sweep", unit: 'messages', most: null }),
    ofRounds(others, {
      what: 'other messages, a sweep',
      unit: 'messages',
      most: 0,
      ...(strange.length === 0 ? {} : { note: strange.join(', ') }),
    }),
    { what: 'growth of the database, a sweep', value: growth, unit: 'bytes', most: MOST_BYTES_A_SWEEP },
  ];
}

/** `smbwarden/AGENT/state`, which tells when the last sweep was. */
function isOwnState(topic: string): boolean {
  return /^smbwarden\/[a-z0-9_]+\/state$/.test(topic);
}

/** Topics of everything that is published during one sweep, by whomever but us. */
async function sweepAndListen(daemon: MeasuredDaemon, listener: Listener): Promise<string[]> {
  const from = listener.count();
  await daemon.sweep();
  await delay(LAST_WORDS_MS);
  await listener.ready();
  return listener.since(from).map(({ topic }) => topic);
}

/** Bytes of all rows in all tables and indexes: what the file grows by once its free pages are used up. */
function bytesIn(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    return Number(database.prepare('SELECT sum(payload) FROM dbstat').pluck().get());
  } finally {
    database.close();
  }
}
