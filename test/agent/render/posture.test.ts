import { describe, expect, it } from 'vitest';
import {
  dialectsInWords,
  identityInWords,
  ipv6InWords,
  sharesInWords,
  smbInWords,
} from '../../../agent/render/posture.ts';
import type { Facts, Share } from '../../../domain/facts.ts';
import { sampleIdentity } from '../../support/samples.ts';

it('says a range of dialects only where none in between is missing', () => {
  expect(dialectsInWords(['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'])).toBe('2.0.2 to 3.1.1');
  expect(dialectsInWords(['2.0.2', '2.1', '3.1.1'])).toBe('2.0.2, 2.1, 3.1.1');
  expect(dialectsInWords(['2.0.2', '2.1'])).toBe('2.0.2, 2.1');
  expect(dialectsInWords(['3.1.1'])).toBe('3.1.1');
  expect(dialectsInWords([])).toBe('');
});

describe('encryption', () => {
  const current: Facts = { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1', 'smb.encryption.supported': 'yes' };
  const ciphers = { 'smb.encryption.ciphers': ['AES-128-GCM', 'AES-128-CCM'] };
  const required = { 'smb.encryption.required': 'yes' } as const;

  it.each<[string, Facts]>([
    ['encryption supported', current],
    ['encryption supported (AES-128-GCM, AES-128-CCM)', { ...current, ...ciphers }],
    ['encryption required (AES-128-GCM, AES-128-CCM)', { ...current, ...ciphers, ...required }],
    ['encryption required', { ...current, ...required }],
    ['no encryption', { ...current, ...ciphers, 'smb.encryption.supported': 'no' }],
    ['signing not known', { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1' }],
  ])('ends the line with "%s"', (words, facts) => {
    expect(smbInWords(facts)?.endsWith(`, ${words}`)).toBe(true);
  });
});

describe('what answers over IPv6', () => {
  const closed: Facts = { 'ipv6.addresses': ['fe80::1%eth0'], 'tcp6/445': 'closed', 'tcp6/139': 'closed' };
  const smb: Facts = { 'ipv6.smb.dialect': '3.1.1', 'ipv6.smb.signing': 'enabled' };

  it.each<[string | null, Facts]>([
    [null, {}],
    [null, { 'tcp/445': 'open', 'smb.dialect': '3.1.1' }],
    ['closed 139, 445; fe80::1%eth0', closed],
    [
      'open 445; closed 139; SMB 3.1.1, signing enabled but not required; fe80::1%eth0, fd12::1',
      { ...closed, ...smb, 'tcp6/445': 'open', 'ipv6.addresses': ['fe80::1%eth0', 'fd12::1'] },
    ],
    ['closed 139, 445; fe80::1%eth0', { ...closed, ...smb }],
    ['fe80::1%\\x1b[2J', { 'ipv6.addresses': ['fe80::1%\u001b[2J'] }],
  ])('is %j', (words, facts) => {
    expect(ipv6InWords(facts)).toBe(words);
  });
});

describe('identity', () => {
  const told = (identity: Parameters<typeof sampleIdentity>[0]) => identityInWords(sampleIdentity(identity));
  const nothing = { computer: null, domain: null, dnsComputer: null, dnsDomain: null, version: null };

  it('is names and operating system', () => {
    expect(told({})).toBe('NASLEGACY in WORKGROUP, naslegacy.home.arpa, Samba');
    expect(told({ version: '10.0.18363' })).toBe(
      'NASLEGACY in WORKGROUP, naslegacy.home.arpa, Windows 10 1903 or 1909, or Server 1903 or 1909 (build 18363)',
    );
  });

  it('leaves out what is not told or says the same again', () => {
    expect(told({ domain: 'NASLEGACY', dnsComputer: '', version: null })).toBe('NASLEGACY');
    expect(told({ dnsComputer: 'NASLEGACY', version: '10.0.31337' })).toBe(
      'NASLEGACY in WORKGROUP, NTLM version 10.0.31337',
    );
    expect(told({ ...nothing, version: '6.1.0' })).toBe('Samba');
    expect(told(nothing)).toBeNull();
    expect(identityInWords({ 'smb.identity': null })).toBeNull();
    expect(identityInWords({})).toBeNull();
  });

  it('leaves out the names that node status tells already', () => {
    const names = [
      { name: 'NASLEGACY', suffix: 0x20, group: false },
      { name: 'WORKGROUP', suffix: 0x00, group: true },
    ];
    const facts = { 'netbios.names': names, ...sampleIdentity({ dnsComputer: null }) };
    expect(identityInWords(facts)).toBe('Samba');
    expect(identityInWords({ ...facts, ...sampleIdentity({ domain: 'CORP', version: null }) })).toBe(
      'NASLEGACY in CORP, naslegacy.home.arpa',
    );
  });

  it('makes a name harmless that attacks the terminal', () => {
    expect(told({ ...nothing, computer: '\u001b[2J' })).toBe('\\x1b[2J');
  });
});

describe('shares', () => {
  const disk = (name: string, readable: Share['readable'], writable: Share['writable']): Share => ({
    name,
    type: 'disk',
    comment: '',
    readable,
    writable,
  });
  const told = (...shares: Share[]) => sharesInWords({ 'smb.anonymous.shares': shares });

  it('are named in the order of the server, with what is given away', () => {
    expect(told(disk('media', 'yes', 'no'), disk('public', 'yes', 'yes'), disk('secret', 'no', 'no'))).toBe(
      'media (readable), public (readable, writable), secret',
    );
  });

  it('that could not be judged do not look closed', () => {
    expect(told(disk('data', 'unknown', 'unknown'), disk('drop', 'no', 'yes'))).toBe(
      'data (reading not known), drop (writable)',
    );
  });

  it('leave out administrative shares, and say what is no disk', () => {
    const [print, ipc] = [
      { ...disk('LASER', 'unknown', 'unknown'), type: 'print' as const },
      { ...disk('IPC$', 'unknown', 'unknown'), type: 'ipc' as const },
    ];
    expect(told(disk('C$', 'unknown', 'unknown'), print, ipc)).toBe('LASER (print)');
    expect(told(ipc)).toBe('none told without a password');
  });

  it('beyond twenty are counted', () => {
    const words = told(...Array.from({ length: 23 }, (_, n) => disk(`s${n}`, 'no', 'no')));
    expect(words?.endsWith('s18, s19, and 3 more')).toBe(true);
  });

  it('are not mentioned before anybody asked, and a refusal is told apart from an empty list', () => {
    expect(sharesInWords({})).toBeNull();
    expect(sharesInWords({ 'smb.anonymous.shares': null })).toBe('not told without a password');
    expect(told()).toBe('none told without a password');
  });

  it('are those of the anonymous session and those of a guest, put together', () => {
    const facts = {
      'smb.anonymous.shares': [disk('media', 'yes', 'no'), disk('public', 'no', 'no')],
      'smb.guest.shares': [disk('public', 'yes', 'yes')],
    };
    expect(sharesInWords(facts)).toBe('media (readable), public (readable, writable)');
  });

  it('have names that are made harmless', () => {
    expect(told(disk('\u001b[2J', 'yes', 'no'))).toBe('\\x1b[2J (readable)');
  });
});
