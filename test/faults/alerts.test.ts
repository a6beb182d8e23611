import { describe, expect, it } from 'vitest';
import { type ArrivedAlert, alertOf, expectAccounted, type Happened } from './alerts.ts';

const NAS = '127.0.0.1';
const SIGNING = 'smb-signing-not-required';

function arrived(id: string, type: string, ip: string | null = NAS): ArrivedAlert {
  return { id, type, count: undefined, ip, rule: SIGNING, findingId: 'f_3k2m9q' };
}
const happened = (...types: readonly string[]): Happened[] =>
  types.map((type) => ({ type, ip: NAS, rule: SIGNING }));
const account =
  (what: readonly Happened[], alerts: readonly ArrivedAlert[], alsoTold: readonly string[] = []) =>
  () =>
    expectAccounted({ happened: what, arrived: alerts, audit: null, alsoTold });

describe('the account of alerts', () => {
  it('is right when each thing that happened arrived once, repeats aside', () => {
    const alerts = [
      arrived('a', 'finding_opened'),
      arrived('a', 'finding_opened'),
      arrived('b', 'finding_resolved'),
    ];
    expect(account(happened('finding_opened', 'finding_resolved'), alerts)).not.toThrow();
  });

  it('is wrong when one is lost, invented, told twice, or out of order', () => {
    const opened = arrived('a', 'finding_opened');
    const resolved = arrived('b', 'finding_resolved');
    expect(account(happened('finding_opened', 'finding_resolved'), [opened])).toThrow(/alerts about/);
    expect(account(happened('finding_opened'), [opened, resolved])).toThrow(/alerts about/);
    expect(account(happened('finding_opened'), [opened, arrived('c', 'finding_opened')])).toThrow();
    expect(account(happened('finding_opened', 'finding_resolved'), [resolved, opened])).toThrow();
    expect(account([], [arrived('d', 'agent_problem', null)])).toThrow();
  });

  it('lets pass what the fault itself accounts for', () => {
    expect(account([], [arrived('d', 'agent_problem', null)], ['agent_problem'])).not.toThrow();
    expect(account([], [arrived('e', 'baseline', null)])).not.toThrow();
  });

  it('reads events as they are published', () => {
    const payload =
      '{"event_type":"finding_opened","id":"e1","rule":"smb1-enabled","ip":"10.0.0.1","finding_id":"f_1"}';
    expect(alertOf(payload)).toEqual({
      id: 'e1',
      type: 'finding_opened',
      count: undefined,
      ip: '10.0.0.1',
      rule: 'smb1-enabled',
      findingId: 'f_1',
    });
  });
});
