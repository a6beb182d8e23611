import { addAck } from './ack.ts';
import { addCheck } from './check.ts';
import { addCompletion } from './completion.ts';
import { addConfig } from './config.ts';
import { addDb } from './db.ts';
import { addDiff } from './diff.ts';
import { addDoctor } from './doctor.ts';
import { addExplain } from './explain.ts';
import { addExport } from './export.ts';
import { addFinding } from './finding.ts';
import { addFindings } from './findings.ts';
import { addForget } from './forget.ts';
import { addHistory } from './history.ts';
import { addHost } from './host.ts';
import { addHosts } from './hosts.ts';
import { addIgnore } from './ignore.ts';
import { addLedger } from './ledger.ts';
import { addMqtt } from './mqtt.ts';
import { addPause } from './pause.ts';
import type { AddCommand } from './program.ts';
import { addQuarantine } from './quarantine.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addSince } from './since.ts';
import { addStatus } from './status.ts';
import { addSweep } from './sweep.ts';
import { addVersion } from './version.ts';

/** Every command, in the order of the help. */
export const ALL_COMMANDS: readonly AddCommand[] = [
  addRun,
  addSweep,
  addCheck,
  addStatus,
  addHosts,
  addHost,
  addFindings,
  addFinding,
  addHistory,
  addDiff,
  addSince,
  addLedger,
  addExport,
  addReport,
  addAck,
  addIgnore,
  addForget,
  addPause,
  addQuarantine,
  addExplain,
  addDoctor,
  addConfig,
  addDb,
  addMqtt,
  addCompletion,
  addVersion,
];
