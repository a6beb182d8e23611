import { parseConfig } from '../../agent/config.ts';
import type { DecisionWorld } from '../../agent/decisions/world.ts';
import type { Storage } from '../../storage/storage.ts';
import { random } from './loopback.ts';
import { openTestStorage } from './open-database.ts';
import { recordingLog } from './publisher-parts.ts';
import { firstSight, sweepOf } from './sample-history.ts';
import { SAMPLE_TIME, sampleFinding, sampleHost } from './samples.ts';

/** A NAS with one finding of each kind that matters to a decision: high, medium, low, and one that is resolved. */
export const DECIDED_ON = sampleHost({
  findings: [
    sampleFinding(),
    sampleFinding({
      id: 'f_7h4d2x',
      rule: 'smb-signing-not-required',
      severity: 'medium',
      title: 'SMB signing is not required',
    }),
    sampleFinding({
      id: 'f_1e2n3c',
      rule: 'smb-encryption-unsupported',
      severity: 'low',
      title: 'SMB encryption is not supported',
    }),
    sampleFinding({
      id: 'f_0q9w8e',
      rule: 'netbios-name-service-exposed',
      severity: 'low',
      title: 'NetBIOS name service answers on UDP 137',
      state: 'resolved',
      resolvedAt: SAMPLE_TIME,
    }),
  ],
});

/** What the owner's commands are carried out on: a real database that knows `DECIDED_ON`, and a clock to move. */
export function decisionWorld(yaml = 'mqtt: {url: "mqtt://127.0.0.1"}'): {
  readonly world: DecisionWorld;
  readonly storage: Storage;
  readonly clock: { now: number };
  readonly log: ReturnType<typeof recordingLog>;
} {
  const storage = openTestStorage();
  storage.history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight(DECIDED_ON, [])]));
  const clock = { now: SAMPLE_TIME + 60_000 };
  const log = recordingLog();
  const { history, settings, commands } = storage;
  const config = parseConfig(yaml, 'test.yaml');
  return {
    world: { history, settings, commands, config, log, now: () => clock.now, random },
    storage,
    clock,
    log,
  };
}
