import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../../agent/publish/parse-command.ts';
import type { AgentCommand } from '../../../agent/publish/publisher.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

const HOST = 'h001132aabbcc';
const UNTIL = Date.UTC(2027, 5, 1);

const ack = (scope: object, rest: object = {}) => ({
  kind: 'ack',
  scope,
  until: null,
  note: null,
  by: null,
  ...rest,
});

const COMMANDS: readonly (readonly [name: string, payload: string, command: object])[] = [
  ['sweep', '{}', { kind: 'sweep', level: null }],
  ['sweep', '{"level":"L3"}', { kind: 'sweep', level: 'L3' }],
  ['findings/ack_all', '{}', ack({ all: true })],
  ['finding/f_3k2m9q/ack', '{}', ack({ findingId: 'f_3k2m9q' })],
  [
    'finding/f_3k2m9q/ack',
    '{"by":"Anna","note":"ordered","until":"2027-06-01T00:00Z"}',
    ack({ findingId: 'f_3k2m9q' }, { by: 'Anna', note: 'ordered', until: UNTIL }),
  ],
  ['finding/f_3k2m9q/unack', '{}', { kind: 'unack', scope: { findingId: 'f_3k2m9q' } }],
  [`host/${HOST}/ack`, '{"until":"7d"}', ack({ hostId: HOST }, { until: SAMPLE_TIME + 7 * 86_400_000 })],
  [`host/${HOST}/recheck`, '{}', { kind: 'recheck', hostId: HOST }],
  [`host/${HOST}/ignore/set`, 'ON', { kind: 'ignore', hostId: HOST, until: null, by: 'Home Assistant' }],
  [`host/${HOST}/ignore/set`, 'OFF', { kind: 'unignore', hostId: HOST }],
  ['sweeps_enabled/set', 'OFF', { kind: 'pause', until: null }],
  ['sweeps_enabled/set', 'ON', { kind: 'resume' }],
  ['sweep_interval/set', '30', { kind: 'set-interval', minutes: 30 }],
  ['sweep_interval/set', '30.0', { kind: 'set-interval', minutes: 30 }],
  ['alert_threshold/set', 'high', { kind: 'set-threshold', severity: 'high' }],
  ['ha/republish', '{}', { kind: 'republish' }],
  ['ha/remove_all', '{}', { kind: 'remove-all' }],
];

describe('a command', () => {
  test.each(COMMANDS)('on cmd/%s with %s is understood', (name, payload, command) => {
    expect(parseCommand(name, payload, SAMPLE_TIME)).toEqual(command as AgentCommand);
  });

  test.each(COMMANDS)('on cmd/%s is refused when its payload is larger than 1 KiB', (name, payload) => {
    expect(parseCommand(name, payload + ' '.repeat(1024), SAMPLE_TIME)).toEqual({
      error: 'payload larger than 1 KiB',
    });
  });

  test('is measured in bytes', () => {
    const note = (character: string) => JSON.stringify({ note: character.repeat(400) });
    expect(parseCommand('finding/f_1/ack', note('x'), SAMPLE_TIME)).not.toHaveProperty('error');
    expect(parseCommand('finding/f_1/ack', note('サ'), SAMPLE_TIME)).toHaveProperty('error');
  });
});

describe('refused is', () => {
  test.each(['', 'null', '[]', '7', '{', '{"level":"L5"}', '{"level":["L1"]}', '{"target":"10.0.0.0/8"}'])(
    'a sweep with %j',
    (payload) => {
      expect(parseCommand('sweep', payload, SAMPLE_TIME)).toHaveProperty('error');
    },
  );

  test.each([
    '{"until":"2020-01-01"}',
    '{"until":1811808000000}',
    '{"until":"soon"}',
    '{"note":7}',
    `{"note":"${'x'.repeat(501)}"}`,
    `{"by":"${'x'.repeat(65)}"}`,
    '{"state":"resolved"}',
  ])('an acknowledgement with %.40j', (payload) => {
    expect(parseCommand('finding/f_3k2m9q/ack', payload, SAMPLE_TIME)).toHaveProperty('error');
  });

  test('a name where only note and end are taken', () => {
    expect(parseCommand(`host/${HOST}/ack`, '{"by":"Anna"}', SAMPLE_TIME)).toEqual({
      error: 'unknown key; write {} or an object with note, until',
    });
  });

  test.each([
    ['sweeps_enabled/set', ['on', 'true', '{}', '']],
    [`host/${HOST}/ignore/set`, ['on', 'TOGGLE', '{}']],
    ['sweep_interval/set', ['4', '1441', '15.5', '-15', '1e2', '0x1e', '']],
    ['alert_threshold/set', ['none', 'HIGH', '']],
    ['findings/ack_all', ['{"until":"7d"}', 'PRESS']],
    ['finding/f_3k2m9q/unack', ['{"note":"x"}', '']],
  ])('on cmd/%s any of %j', (name, payloads) => {
    for (const payload of payloads) expect(parseCommand(name, payload, SAMPLE_TIME)).toHaveProperty('error');
  });

  test.each([
    'host/../ack',
    'host//ack',
    'host/H001132AABBCC/ack',
    `finding/${'f'.repeat(33)}/ack`,
    'finding/f_3k2m9q/forget',
    'sweep/now',
    'xsweep',
    'ha/remove_all/x',
    '',
  ])('the topic cmd/%s, since nothing is there', (name) => {
    expect(parseCommand(name, '{}', SAMPLE_TIME)).toEqual({ error: 'no such command' });
  });
});
