import { describe, expect, it } from 'vitest';
import {
  type Observation,
  type Smb1Observation,
  type Smb2Observation,
  type Smb2Selection,
  systemTimeOf,
  toFacts,
} from '../../domain/observation.ts';

const BOOTED_AT = Date.UTC(2026, 10, 1, 6, 30, 0, 250);

const SELECTED: Smb2Selection = {
  dialect: '3.1.1',
  signing: 'required',
  encryptionSupported: true,
  cipher: null,
  compression: [],
  serverGuid: null,
  systemTime: 1_000,
  bootTime: BOOTED_AT,
};

function smb2(conversation: Smb2Observation['conversation'], port: 445 | 139 = 445): Smb2Observation {
  return { kind: 'smb2', port, conversation, selected: conversation === 'smb' ? SELECTED : null };
}

function smb1(answer: Smb1Observation['answer'], port: 445 | 139 = 445): Smb1Observation {
  const signing = answer === 'selected' ? 'disabled' : null;
  return { kind: 'smb1', port, answer, signing, systemTime: null };
}

it('knows nothing without observations', () => {
  expect(toFacts([])).toEqual({});
});

it('turns each observation into facts of its own', () => {
  const names = [{ name: 'NAS', suffix: 0x20, group: false }];
  const observations: Observation[] = [
    { kind: 'service', transport: 'udp', port: 137, state: 'open' },
    { kind: 'node-status', names, unitId: '00:11:32:aa:bb:cc' },
    { kind: 'service', transport: 'tcp', port: 139, state: 'open' },
    { kind: 'netbios-session', answer: 'refused', calledName: 'NAS' },
    { kind: 'ms17-010', unpatched: 'no' },
    { kind: 'endpoint-mapper', bindAcknowledged: false },
    {
      kind: 'ipv6',
      addresses: ['fe80::1%eth0'],
      states: { 445: 'open', 135: 'closed' },
      smb: { conversation: 'smb', selected: { dialect: '2.1', signing: 'enabled' } },
    },
    { kind: 'own-sockets', listening: ['tcp/445 on 192.168.1.5'] },
  ];
  expect(toFacts(observations)).toEqual({
    'udp/137': 'open',
    'netbios.names': names,
    'netbios.unitId': '00:11:32:aa:bb:cc',
    'tcp/139': 'open',
    'netbios.session': 'refused',
    'netbios.calledName': 'NAS',
    'smb.ms17010': 'no',
    'rpc.bindAcknowledged': 'no',
    'ipv6.addresses': ['fe80::1%eth0'],
    'tcp6/445': 'open',
    'tcp6/135': 'closed',
    'ipv6.smb.conversation': 'smb',
    'ipv6.smb.dialect': '2.1',
    'ipv6.smb.signing': 'enabled',
    'agent.listening': ['tcp/445 on 192.168.1.5'],
  });
});

it('keeps how the conversation on each port ended, and what a server selected', () => {
  expect(toFacts([smb2('smb'), smb2('silent', 139)])).toEqual({
    'smb.conversation.445': 'smb',
    'smb.conversation.139': 'silent',
    'smb.smb2': 'yes',
    'smb.dialect': '3.1.1',
    'smb.signing.smb2': 'required',
    'smb.encryption.supported': 'yes',
    'smb.compression': [],
    'smb.serverGuid': null,
    'smb.bootTime': '2026-11-01T06:30:00Z',
  });
});

it('lets later observations win over earlier ones', () => {
  const service = (state: 'open' | 'closed'): Observation => ({
    kind: 'service',
    transport: 'tcp',
    port: 445,
    state,
  });
  expect(toFacts([service('open'), service('closed')])).toEqual({ 'tcp/445': 'closed' });
});

describe('SMB 1', () => {
  it('is spoken when it was selected', () => {
    expect(toFacts([smb2('smb', 445), smb1('selected', 139)])).toMatchObject({
      'smb.smb1': 'yes',
      'smb.smb1.port': 139,
      'smb.signing.smb1': 'disabled',
      'smb.smb2': 'yes',
    });
  });

  it.each(['refused', 'closed'] as const)('is not spoken when it was %s while SMB 2/3 answered', (answer) => {
    expect(toFacts([smb2('smb'), smb1(answer)])).toMatchObject({
      'smb.smb1': 'no',
      'smb.signing.smb1': null,
    });
  });

  it.each(['refused', 'closed'] as const)('stays unknown when it was %s without a control', (answer) => {
    for (const control of [[], [smb2('silent')], [smb2('hung-up')], [smb2('malformed')]]) {
      expect(toFacts([...control, smb1(answer)])).not.toHaveProperty(['smb.smb1']);
    }
  });

  it('stays unknown when the server answered the SMB 1 question in SMB 2', () => {
    expect(toFacts([smb2('smb'), smb1('smb2-instead')])).not.toHaveProperty(['smb.smb1']);
  });

  it('stays unknown when it was not asked for', () => {
    expect(toFacts([smb2('smb')])).not.toHaveProperty(['smb.smb1']);
  });
});

describe('SMB 2/3', () => {
  it.each(['hung-up', 'declined'] as const)(
    'is not spoken when it %s while SMB 1 was selected',
    (conversation) => {
      expect(toFacts([smb2(conversation), smb1('selected')])).toMatchObject({
        'smb.smb1': 'yes',
        'smb.smb2': 'no',
        'smb.signing.smb2': null,
      });
    },
  );

  it.each(['silent', 'malformed'] as const)(
    'stays unknown when it ended %s, SMB 1 or not',
    (conversation) => {
      expect(toFacts([smb2(conversation), smb1('selected')])).not.toHaveProperty(['smb.smb2']);
    },
  );

  it('stays unknown when one port refused it and the other was silent', () => {
    const facts = toFacts([smb2('hung-up', 445), smb2('silent', 139), smb1('selected')]);
    expect(facts).not.toHaveProperty(['smb.smb2']);
  });

  it('stays unknown when it was refused and SMB 1 was too', () => {
    expect(toFacts([smb2('declined'), smb1('refused')])).toEqual({ 'smb.conversation.445': 'declined' });
  });
});

it('takes the clock that SMB told last', () => {
  const withClock = { ...smb1('selected'), systemTime: 2_000 };
  expect(systemTimeOf([smb2('smb'), withClock])).toBe(2_000);
  expect(systemTimeOf([smb2('smb'), smb1('refused')])).toBe(1_000);
  expect(systemTimeOf([smb2('silent')])).toBeNull();
});
