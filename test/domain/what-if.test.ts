import { describe, expect, it } from 'vitest';
import type { Facts } from '../../domain/facts.ts';
import {
  type Consequence,
  WHAT_IF_CHANGES,
  WHAT_IFS,
  type WhatIfChange,
  whatIf,
  whatIfOf,
} from '../../domain/what-if.ts';
import { sampleIdentity } from '../support/samples.ts';

interface Case {
  readonly host: string;
  readonly facts: Facts;
  readonly kind: Consequence['kind'];
  /** Part of the reason. */
  readonly why?: string;
}

const SMB1_ONLY: Facts = { 'smb.smb1': 'yes', 'smb.smb1.port': 445, 'smb.smb2': 'no', 'tcp/445': 'open' };
const MODERN: Facts = {
  'smb.conversation.445': 'smb',
  'smb.smb1': 'no',
  'smb.smb2': 'yes',
  'smb.dialect': '3.1.1',
  'smb.signing.smb2': 'enabled',
  'smb.encryption.supported': 'yes',
  'tcp/445': 'open',
};
const ON_139: Facts = { 'smb.smb2': 'yes', 'smb.conversation.139': 'smb', 'tcp/139': 'open' };
const NAMED: Facts = { 'netbios.names': [{ name: 'NAS', suffix: 0x20, group: false }] };
const SILENT: Facts = { 'tcp/139': 'filtered', 'tcp/445': 'filtered' };

/** Each change's consequences: every way to break, every way to go on, and what proves nothing. */
const CASES: Readonly<Record<WhatIfChange, readonly Case[]>> = {
  'smb1-off': [
    { host: 'with SMB 1 alone', facts: SMB1_ONLY, kind: 'breaks', why: 'SMB 1 and nothing newer' },
    {
      host: 'with SMB 1 whose SMB 2 stayed silent',
      facts: { 'smb.smb1': 'yes' },
      kind: 'breaks',
      why: 'has never answered in SMB 2 or 3',
    },
    { host: 'with SMB 1 and SMB 2', facts: { ...MODERN, 'smb.smb1': 'yes' }, kind: 'works' },
    { host: 'that refuses SMB 1', facts: MODERN, kind: 'works' },
    {
      host: 'with an open port where nothing answered in SMB',
      facts: { 'tcp/445': 'open' },
      kind: 'unknown',
      why: 'any generation (TCP 445 open, TCP 139 not asked)',
    },
  ],
  'signing-required': [
    { host: 'with SMB 2 and optional signing', facts: MODERN, kind: 'works' },
    {
      host: 'with SMB 2 whose SMB 1 does not sign',
      facts: { ...MODERN, 'smb.smb1': 'yes', 'smb.signing.smb1': 'disabled' },
      kind: 'works',
    },
    {
      host: 'with SMB 1 alone, unsigned',
      facts: { ...SMB1_ONLY, 'smb.signing.smb1': 'disabled' },
      kind: 'breaks',
      why: 'signing over SMB 1 is disabled',
    },
    {
      host: 'with SMB 1 alone that can sign',
      facts: { ...SMB1_ONLY, 'smb.signing.smb1': 'enabled' },
      kind: 'works',
    },
    {
      host: 'with SMB 1 alone, signing not known',
      facts: SMB1_ONLY,
      kind: 'unknown',
      why: 'whether it can sign',
    },
  ],
  'no-netbios': [
    {
      host: 'with SMB on 139 and 445 closed',
      facts: { ...ON_139, 'tcp/445': 'closed' },
      kind: 'breaks',
      why: 'TCP 139 alone: TCP 445 is closed',
    },
    {
      host: 'with SMB on 139 and 445 silent',
      facts: { ...ON_139, 'tcp/445': 'filtered' },
      kind: 'unknown',
      why: 'on TCP 445 it has not answered',
    },
    {
      host: 'that spoke SMB once and on neither port now',
      facts: {
        'smb.smb2': 'yes',
        'smb.conversation.445': 'silent',
        'tcp/445': 'open',
        'tcp/139': 'filtered',
      },
      kind: 'unknown',
      why: 'on neither port when asked last (TCP 445 open, TCP 139 filtered)',
    },
    { host: 'with SMB on 445 that tells no NetBIOS name', facts: MODERN, kind: 'works' },
    {
      host: 'with SMB on 445 and no name but the one of NetBIOS',
      facts: { ...MODERN, ...NAMED, ...sampleIdentity({ dnsComputer: 'nas' }) },
      kind: 'unknown',
      why: 'its only known name, NAS,',
    },
    {
      host: 'with SMB on 445 and a DNS name',
      facts: { ...MODERN, ...NAMED, ...sampleIdentity({ dnsComputer: 'nas.home.arpa' }) },
      kind: 'works',
    },
    {
      host: 'without SMB that has a NetBIOS name alone',
      facts: { ...NAMED, 'tcp/139': 'closed', 'tcp/445': 'closed' },
      kind: 'unknown',
      why: 'It serves no SMB on TCP 139, but its only known name',
    },
    { host: 'whose 139 is open and has not answered in SMB', facts: { 'tcp/139': 'open' }, kind: 'unknown' },
  ],
  'encryption-required': [
    { host: 'with SMB 3.1.1 and a cipher', facts: MODERN, kind: 'works' },
    {
      host: 'that requires it already',
      facts: { 'smb.smb2': 'yes', 'smb.encryption.required': 'yes' },
      kind: 'works',
    },
    { host: 'with SMB 1 alone', facts: SMB1_ONLY, kind: 'breaks', why: 'SMB 1 knows no encryption' },
    {
      host: 'with SMB 2.1 at best',
      facts: { ...MODERN, 'smb.dialect': '2.1', 'smb.encryption.supported': 'no' },
      kind: 'breaks',
      why: 'best dialect is 2.1',
    },
    {
      host: 'with SMB 3.1.1 and no cipher',
      facts: { ...MODERN, 'smb.encryption.supported': 'no' },
      kind: 'breaks',
      why: 'selected no encryption',
    },
    {
      host: 'with SMB 3.0 of which no more is known',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '3.0' },
      kind: 'unknown',
      why: 'whether it can encrypt',
    },
    {
      host: 'whose dialect is not known',
      facts: { 'smb.smb2': 'yes' },
      kind: 'unknown',
      why: 'best dialect',
    },
  ],
};

describe.each(WHAT_IF_CHANGES)('%s', (change) => {
  it.each(CASES[change])('a host $host: $kind', ({ facts, kind, why }) => {
    const consequence = whatIf(change, facts);
    expect(consequence.kind).toBe(kind);
    if (consequence.kind !== 'works') expect(consequence.why).toContain(why ?? '');
  });

  it('leaves a host alone that serves no SMB', () => {
    const closed: Facts = { 'tcp/139': 'closed', 'tcp/445': 'rejected' };
    expect(whatIf(change, closed)).toEqual({ kind: 'works' });
    // What was known before the ports were closed counts no longer.
    expect(whatIf(change, { ...SMB1_ONLY, ...closed })).toEqual({ kind: 'works' });
  });

  it('does not take silence for "works"', () => {
    expect(whatIf(change, SILENT)).toMatchObject({ kind: 'unknown' });
    expect(whatIf(change, {})).toMatchObject({ kind: 'unknown' });
  });

  it('knows of the agent only on which ports it listens', () => {
    expect(whatIf(change, { 'agent.listening': ['udp/137 on 192.168.1.5'] })).toEqual({ kind: 'works' });
    expect(whatIf(change, { 'agent.listening': ['tcp/445 on 192.168.1.5'] })).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('listens on tcp/445 on 192.168.1.5') as unknown,
    });
  });

  it('has its texts', () => {
    expect(whatIfOf(change)).toBe(WHAT_IFS.find((each) => each.change === change));
  });
});
