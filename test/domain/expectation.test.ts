import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../domain/assess.ts';
import { type Expectation, NO_EXPECTATION, narrowed } from '../../domain/expectation.ts';
import type { Facts } from '../../domain/facts.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

/** A server that speaks 2.0.2 to 3.1.1, signs when asked to, and gives nothing away. */
const NAS: Facts = {
  'tcp/135': 'closed',
  'tcp/139': 'closed',
  'tcp/445': 'open',
  'udp/137': 'closed',
  'netbios.names': null,
  'smb.conversation.445': 'smb',
  'smb.smb1': 'no',
  'smb.smb2': 'yes',
  'smb.dialect': '3.1.1',
  'smb.dialects': ['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'],
  'smb.signing.smb1': null,
  'smb.signing.smb2': 'enabled',
  'smb.encryption.supported': 'yes',
  'smb.encryption.required': 'no',
  'smb.anonymous.session': 'no',
  'smb.anonymous.shares': null,
};
const CLOSED: Facts = { ...NAS, 'tcp/139': 'closed', 'tcp/445': 'closed' };

function judged(declared: Partial<Expectation>, known: Facts) {
  const standing = { known, expected: { ...NO_EXPECTATION, ...declared } };
  return ruleOf('expectation-violated').judge({}, SAMPLE_TIME, standing);
}

const ITEMS: readonly {
  readonly declared: Partial<Expectation>;
  readonly kept: Facts;
  readonly broken: Facts;
  readonly says: string;
  readonly unknown: Facts;
}[] = [
  {
    declared: { smb: '>=3.0' },
    kept: { ...NAS, 'smb.dialects': ['3.0', '3.0.2', '3.1.1'] },
    broken: NAS,
    says: 'SMB 2.0.2, 2.1 is spoken; declared: smb: ">=3.0"',
    unknown: { 'tcp/445': 'open', 'smb.smb1': 'no', 'smb.smb2': 'yes', 'smb.dialect': '3.1.1' },
  },
  {
    declared: { smb: 'no' },
    kept: CLOSED,
    broken: NAS,
    says: 'SMB is spoken on TCP 445; declared: smb: no',
    unknown: { 'tcp/445': 'filtered', 'tcp/139': 'closed' },
  },
  {
    declared: { signing: 'required' },
    kept: { ...NAS, 'smb.signing.smb2': 'required' },
    broken: NAS,
    says: 'SMB 2/3: signing enabled, not required; declared: signing: required',
    unknown: { 'tcp/445': 'open' },
  },
  {
    declared: { encryption: 'required' },
    kept: { ...NAS, 'smb.encryption.required': 'yes' },
    broken: NAS,
    says: 'A session without encryption is accepted; declared: encryption: required',
    unknown: { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1', 'smb.encryption.supported': 'yes' },
  },
  {
    declared: { encryption: 'supported' },
    kept: NAS,
    broken: { ...NAS, 'smb.encryption.supported': 'no' },
    says: 'SMB 3.1.1 was selected without encryption, though it was offered; declared: encryption: supported',
    unknown: { 'tcp/445': 'open' },
  },
  {
    declared: { smb1: false },
    kept: NAS,
    broken: { ...NAS, 'smb.smb1': 'yes' },
    says: 'A negotiate that offered only "NT LM 0.12" was answered by selecting it; declared: smb1: no',
    unknown: { 'tcp/445': 'open', 'smb.smb2': 'yes' },
  },
  {
    declared: { guest: false },
    kept: NAS,
    broken: {
      ...NAS,
      'smb.anonymous.session': 'yes',
      'smb.anonymous.shares': [{ name: 'media', type: 'disk', comment: '', readable: 'yes', writable: 'no' }],
    },
    says: 'The root could be opened for reading without a password: "media"; declared: guest: no',
    unknown: { 'tcp/445': 'open', 'smb.smb2': 'yes' },
  },
  {
    declared: { netbios: false },
    kept: NAS,
    broken: { ...NAS, 'tcp/139': 'open', 'netbios.session': 'accepted', 'netbios.calledName': 'NAS' },
    says: 'TCP 139: session request for "NAS" accepted (any answer proves the service); declared: netbios: no',
    unknown: { ...NAS, 'tcp/139': 'filtered' },
  },
  {
    declared: { ports: [445, 2049] },
    kept: NAS,
    broken: { ...NAS, 'tcp/135': 'open' },
    says: 'TCP 135 is open; declared: ports: [445, 2049]',
    unknown: { ...NAS, 'tcp/135': 'filtered' },
  },
  {
    declared: { ports: [445] },
    kept: { ...NAS, 'tcp6/445': 'open', 'tcp6/139': 'filtered' },
    broken: { ...NAS, 'tcp6/139': 'open' },
    says: 'TCP 139 is open over IPv6; declared: ports: [445]',
    unknown: { ...NAS, 'tcp/135': 'filtered', 'tcp6/139': 'closed' },
  },
];

describe.each(ITEMS)('$declared', ({ declared, kept, broken, says, unknown }) => {
  it('is kept, broken with its difference named, or not known', () => {
    expect(judged(declared, kept).answer).toBe('no');
    expect(judged(declared, broken)).toEqual({ answer: 'yes', evidence: [says], unambiguous: false });
    expect(judged(declared, unknown)).toEqual({ answer: 'unknown' });
  });
});

describe('several items', () => {
  const declared = { smb: '>=3.0', signing: 'required', smb1: false } as const;

  it('name every difference', () => {
    const verdict = judged(declared, { ...NAS, 'smb.smb1': 'yes' });
    expect(verdict.answer === 'yes' && verdict.evidence).toHaveLength(3);
  });

  it('are not known to be kept while one of them is not known', () => {
    const { 'smb.dialects': _, ...rest } = { ...NAS, 'smb.signing.smb2': 'required' as const };
    expect(judged(declared, rest)).toEqual({ answer: 'unknown' });
  });

  it('are kept by a host that has closed both ports, whatever it spoke before; but that closes no share', () => {
    expect(judged(declared, CLOSED).answer).toBe('no');
    expect(judged({ guest: false }, CLOSED).answer).toBe('unknown');
  });
});

it('finds nothing where nothing is declared', () => {
  expect(judged({}, NAS).answer).toBe('no');
  expect(ruleOf('expectation-violated').judge(NAS, SAMPLE_TIME)).toEqual({ answer: 'unknown' });
});

it('takes what is declared of one host before what is declared of all', () => {
  const general: Expectation = { ...NO_EXPECTATION, smb: '>=3.0', signing: 'required' };
  const own: Expectation = { ...NO_EXPECTATION, smb: '>=2.1', ports: [445] };
  expect(narrowed(general, own)).toEqual({
    ...NO_EXPECTATION,
    smb: '>=2.1',
    signing: 'required',
    ports: [445],
  });
});
