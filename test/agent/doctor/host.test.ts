import { describe, expect, it } from 'vitest';
import type { Check } from '../../../agent/doctor/check.ts';
import { diagnose, type HostCase, type Look } from '../../../agent/doctor/host.ts';
import type { Facts } from '../../../domain/facts.ts';
import { SAMPLE_TIME, sampleHost } from '../../support/samples.ts';

const ADDRESS = '192.168.1.21';
const MAC = '00:11:32:aa:bb:cc';
const OTHER_MAC = 'b8:27:eb:12:34:56';
const HOST = sampleHost();

function answered(facts: Facts, macs: Look['macs'] = [MAC, MAC]): Look {
  return { kind: 'answered', facts, macs };
}

const READABLE: Facts = {
  'tcp/445': 'open',
  'tcp/139': 'closed',
  'smb.conversation.445': 'smb',
  'smb.dialect': '3.1.1',
};

function look(parts: Partial<HostCase> = {}): Check[] {
  return diagnose({
    address: ADDRESS,
    host: HOST,
    isTarget: true,
    attached: { interface: 'eth0', address: '192.168.1.254' },
    excluded: null,
    held: null,
    quarantine: [],
    claims: [{ host: HOST, since: SAMPLE_TIME - 1_000 }],
    look: answered(READABLE),
    now: SAMPLE_TIME + 600_000,
    ...parts,
  });
}

const verdicts = (checks: readonly Check[]) => checks.map(({ name, verdict }) => `${verdict} ${name}`);
const troubles = (checks: readonly Check[]) => verdicts(checks).filter((each) => !each.startsWith('ok'));

describe('a host', () => {
  it('that can be reached and read has no trouble', () => {
    expect(verdicts(look())).toEqual(['ok known', 'ok presence', 'ok ports', 'ok smb']);
  });

  it.each<[string, Partial<HostCase>, string[]]>([
    ['unknown to the history', { host: null, claims: [] }, ['unknown known']],
    ['off', { look: { kind: 'silent', macs: [null, null] } }, ['fault presence']],
    [
      'silent behind a router',
      { attached: null, look: { kind: 'silent', macs: [null, null] } },
      ['fault presence'],
    ],
    [
      'asked in vain',
      { look: { kind: 'not taken', why: 'maintenance', macs: [null] } },
      ['unknown presence'],
    ],
    ['outside the targets', { isTarget: false }, ['warning targets']],
    [
      'excluded',
      { excluded: '192.168.1.0/27', look: { kind: 'not taken', why: null, macs: [null] } },
      ['warning excluded'],
    ],
    [
      'left asleep',
      {
        held: { level: 'L0', why: "asleep by the owner's wish", lastAskedAt: null },
        look: { kind: 'not taken', why: null, macs: [null] },
      },
      ['warning asleep'],
    ],
    [
      'ignored',
      { host: { ...HOST, ignored: { at: SAMPLE_TIME, until: null, note: null } } },
      ['warning ignored'],
    ],
    [
      'quarantined',
      {
        quarantine: [
          { hostId: HOST.id, probe: 'smb1', since: SAMPLE_TIME, reason: 'TCP 445 stopped answering' },
        ],
      },
      ['warning quarantine'],
    ],
    ['absent', { host: { ...HOST, present: false, missedSweeps: 4 } }, ['warning known']],
  ])('%s', (_title, parts, expected) => {
    expect(troubles(look(parts))).toEqual(expected);
  });

  it('that is held low is fine', () => {
    expect(troubles(look({ held: { level: 'L2', why: 'looks like a printer', lastAskedAt: null } }))).toEqual(
      [],
    );
  });

  it('names the command that ends what the owner decided', () => {
    const ignored = look({ host: { ...HOST, ignored: { at: SAMPLE_TIME, until: null, note: null } } });
    expect(ignored.flatMap(({ commands }) => commands)).toEqual([`smbwarden unignore ${HOST.id}`]);
  });
});

describe('the ports', () => {
  it.each<[string, Facts, string, string]>([
    ['refused', { 'tcp/445': 'closed', 'tcp/139': 'closed' }, 'warning ports', 'no file service runs'],
    ['filtered', { 'tcp/445': 'filtered', 'tcp/139': 'filtered' }, 'warning ports', 'a firewall drops'],
    ['rejected', { 'tcp/445': 'rejected', 'tcp/139': 'closed' }, 'warning ports', 'by ICMP'],
    ['not asked', {}, 'unknown ports', 'could not be asked'],
  ])('%s', (_title, facts, verdict, words) => {
    const checks = look({ look: answered(facts) });
    expect(troubles(checks)).toEqual([verdict]);
    expect(checks.find(({ name }) => name === 'ports')?.what).toContain(words);
  });
});

describe('an open port', () => {
  it.each<[Facts['smb.conversation.445'], string[]]>([
    ['silent', ['fault smb']],
    ['hung-up', ['fault smb']],
    ['malformed', ['fault smb']],
    ['declined', ['fault smb']],
    ['smb', []],
  ])('on which the conversation was "%s"', (conversation, expected) => {
    const facts: Facts = {
      'tcp/445': 'open',
      ...(conversation === undefined ? {} : { 'smb.conversation.445': conversation }),
    };
    expect(troubles(look({ look: answered(facts) }))).toEqual(expected);
  });

  it('that speaks SMB 1 alone, or was not asked, is no fault', () => {
    const smb1: Facts = { 'tcp/445': 'open', 'smb.conversation.445': 'hung-up', 'smb.smb1': 'yes' };
    expect(troubles(look({ look: answered(smb1) }))).toEqual([]);
    expect(troubles(look({ look: answered({ 'tcp/445': 'open' }) }))).toEqual(['unknown smb']);
  });
});

describe('an address conflict', () => {
  const rival = sampleHost({ id: 'hb827eb123456', mac: OTHER_MAC });
  const claim = (host: typeof HOST, since: number, lastSeenAt: number) => ({
    host: { ...host, lastSeenAt },
    since,
  });

  it('is two MACs while we look', () => {
    expect(troubles(look({ look: answered(READABLE, [MAC, OTHER_MAC]) }))).toEqual([
      'fault address-conflict',
    ]);
  });

  it('is two hosts that are seen at the address in turn', () => {
    const claims = [claim(HOST, 0, SAMPLE_TIME), claim(rival, SAMPLE_TIME - 900_000, SAMPLE_TIME - 900_000)];
    expect(look({ claims }).find(({ name }) => name === 'address-conflict')?.what).toContain('in turn');
  });

  it('is not one host that gave the address to another', () => {
    const claims = [
      claim(HOST, 0, SAMPLE_TIME - 1_800_000),
      claim(rival, SAMPLE_TIME - 900_000, SAMPLE_TIME),
    ];
    expect(troubles(look({ claims }))).toEqual([]);
  });

  it('may be a host that is not who it was', () => {
    expect(troubles(look({ look: answered(READABLE, [OTHER_MAC, OTHER_MAC]) }))).toEqual([
      'warning address-conflict',
    ]);
  });
});
