import { describe, expect, it } from 'vitest';
import { LONGEST_NOTE, type OwnerCommand, readOwnerCommand } from '../../domain/owner-command.ts';

const COMMANDS: readonly OwnerCommand[] = [
  { kind: 'ack', scope: { findingId: 'f_3k2m9q' }, until: 7, note: 'why', by: 'Anna' },
  { kind: 'ack', scope: { hostId: 'h001132aabbcc' }, until: null, note: null, by: null },
  { kind: 'unack', scope: { all: true } },
  { kind: 'ignore', hostId: 'h001132aabbcc', until: 7, by: null },
  { kind: 'unignore', hostId: 'h001132aabbcc' },
  { kind: 'forget', hostId: 'h001132aabbcc' },
  { kind: 'lift-quarantine', hostId: 'h001132aabbcc', probe: 'smb1' },
  { kind: 'lift-quarantine', hostId: 'u0123456789ab', probe: null },
  { kind: 'pause', until: null },
  { kind: 'resume' },
  { kind: 'set-interval', minutes: 30 },
  { kind: 'set-threshold', severity: 'high' },
  { kind: 'reset', settings: ['sweepInterval', 'alertThreshold'] },
];

describe('a command on the control socket', () => {
  it.each(COMMANDS.map((command) => [command.kind, command] as const))(
    'arrives as it was sent: %s',
    (kind, command) => {
      const { kind: _kind, ...args } = JSON.parse(JSON.stringify(command));
      expect(readOwnerCommand(kind, args)).toEqual(command);
    },
  );

  it.each([
    ['dance', {}],
    ['ack', null],
    ['ack', 'f_3k2m9q'],
    ['ack', { scope: {} }],
    ['ack', { scope: { findingId: '../x' } }],
    ['ack', { scope: { all: 1 } }],
    ['ack', { scope: { all: true }, until: '2027' }],
    ['ack', { scope: { all: true }, until: 1.5 }],
    ['ack', { scope: { all: true }, note: 7 }],
    ['ack', { scope: { all: true }, note: 'x'.repeat(LONGEST_NOTE + 1) }],
    ['ignore', { hostId: 7 }],
    ['forget', {}],
    ['lift-quarantine', { hostId: 'h001132aabbcc', probe: 'telnet' }],
    ['lift-quarantine', { hostId: 'h001132aabbcc' }],
    ['lift-quarantine', { probe: null }],
    ['pause', { until: 'tomorrow' }],
    ['set-interval', { minutes: 4 }],
    ['set-interval', { minutes: 1441 }],
    ['set-interval', { minutes: '15' }],
    ['set-threshold', { severity: 'none' }],
    ['reset', { settings: ['agent.id'] }],
  ])('is refused when it is none: %s %j', (kind, args) => {
    expect(readOwnerCommand(kind, args)).toBeNull();
  });
});
