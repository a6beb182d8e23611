import { describe, expect, it } from 'vitest';
import {
  type Facts,
  knownCiphers,
  mergeFacts,
  netbiosName,
  provenDialects,
  sameFact,
  saysNo,
  servicesOf,
  servicesOverIpv6,
  smbPorts,
  workgroup,
} from '../../domain/facts.ts';

it('lists services by family, transport and port number, other facts left out', () => {
  const facts: Facts = {
    'udp/137': 'unknown',
    'smb.smb1': 'no',
    'tcp/445': 'open',
    'tcp/8445': 'closed',
    'tcp/139': 'open',
    'tcp6/445': 'closed',
    'tcp6/139': 'open',
    'ipv6.addresses': ['fe80::1%eth0'],
  };
  expect(servicesOverIpv6(facts)).toEqual([
    { transport: 'tcp', port: 139, state: 'open' },
    { transport: 'tcp', port: 445, state: 'closed' },
  ]);
  expect(servicesOf(facts)).toEqual([
    { transport: 'tcp', port: 139, state: 'open' },
    { transport: 'tcp', port: 445, state: 'open' },
    { transport: 'tcp', port: 8445, state: 'closed' },
    { transport: 'udp', port: 137, state: 'unknown' },
  ]);
});

it('keeps the last value of what was not seen again', () => {
  const known: Facts = { 'smb.smb1': 'yes', 'tcp/445': 'open' };
  expect(mergeFacts(known, { 'tcp/445': 'closed' })).toEqual({ 'smb.smb1': 'yes', 'tcp/445': 'closed' });
  expect(mergeFacts(known, {})).toEqual(known);
});

it('compares values by what they say', () => {
  expect(sameFact(['10.0.0.1'], ['10.0.0.1'])).toBe(true);
  expect(sameFact(['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.1'])).toBe(false);
  expect(sameFact(null, undefined)).toBe(false);
  expect(sameFact('yes', 'no')).toBe(false);
});

describe('names by node status', () => {
  const entry = (name: string, suffix: number, group = false) => ({ name, suffix, group });

  it('calls the host by its file server name, else by its workstation name', () => {
    const workstation = entry('DESKTOP', 0x00);
    const fileServer = entry('NAS', 0x20);
    expect(netbiosName({ 'netbios.names': [workstation, fileServer] })).toBe('NAS');
    expect(netbiosName({ 'netbios.names': [entry('MASTER', 0x1d), workstation] })).toBe('DESKTOP');
  });

  it('never takes a group name, a blank name or the name of another service for the host', () => {
    const names = [entry('WORKGROUP', 0x00, true), entry('   ', 0x20), entry('', 0x00), entry('MSG', 0x03)];
    expect(netbiosName({ 'netbios.names': names })).toBeNull();
    expect(netbiosName({ 'netbios.names': null })).toBeNull();
    expect(netbiosName({})).toBeNull();
  });

  it('finds the workgroup in the group <00> name alone', () => {
    const names = [entry('NAS', 0x00), entry('WORKGROUP', 0x1e, true), entry('HOME', 0x00, true)];
    expect(workgroup({ 'netbios.names': names })).toBe('HOME');
    expect(workgroup({ 'netbios.names': [entry('NAS', 0x00)] })).toBeNull();
    expect(workgroup({})).toBeNull();
  });
});

it('takes a closed or rejected port for a no, and silence for nothing', () => {
  const states = ['closed', 'rejected', 'open', 'filtered', 'unknown', undefined] as const;
  expect(states.filter(saysNo)).toEqual(['closed', 'rejected']);
});

describe('ports that speak SMB', () => {
  it('are those with a valid reply, by SMB 2/3 or by SMB 1', () => {
    expect(smbPorts({ 'smb.conversation.445': 'smb', 'smb.smb1': 'yes', 'smb.smb1.port': 139 })).toEqual([
      139, 445,
    ]);
    expect(smbPorts({ 'smb.conversation.445': 'silent', 'tcp/445': 'open' })).toEqual([]);
    expect(smbPorts({ 'smb.smb1': 'no', 'smb.smb1.port': 445 })).toEqual([]);
  });

  it('stay when the port falls silent, and go when it is closed', () => {
    expect(smbPorts({ 'smb.conversation.445': 'smb', 'tcp/445': 'filtered' })).toEqual([445]);
    expect(smbPorts({ 'smb.conversation.445': 'smb', 'tcp/445': 'closed' })).toEqual([]);
  });
});

describe('every dialect', () => {
  const listed: Facts = {
    'smb.smb2': 'yes',
    'smb.dialect': '3.1.1',
    'smb.dialects': ['2.1', '3.0', '3.1.1'],
  };

  it('is proven once they were all asked for, SMB 1 by its own question', () => {
    expect(provenDialects(listed)).toEqual(['2.1', '3.0', '3.1.1']);
    expect(provenDialects({ ...listed, 'smb.smb1': 'yes' })).toEqual(['NT LM 0.12', '2.1', '3.0', '3.1.1']);
  });

  it('is proven no longer when a later sweep was answered with a lower one, or with none', () => {
    expect(provenDialects({ ...listed, 'smb.dialect': '3.0' })).toEqual(['2.1', '3.0']);
    expect(provenDialects({ ...listed, 'smb.smb2': 'no', 'smb.smb1': 'yes' })).toEqual(['NT LM 0.12']);
  });
});

it('knows ciphers from when they were asked for, and while 3.1.1 is spoken with encryption', () => {
  const facts: Facts = { 'smb.dialect': '3.1.1', 'smb.encryption.supported': 'yes' };
  const asked: Facts = { ...facts, 'smb.encryption.ciphers': ['AES-128-GCM'] };
  expect(knownCiphers(facts)).toBeNull();
  expect(knownCiphers(asked)).toEqual(['AES-128-GCM']);
  expect(knownCiphers({ ...asked, 'smb.dialect': '3.0' })).toBeNull();
  expect(knownCiphers({ ...asked, 'smb.encryption.supported': 'no' })).toBeNull();
});

it('calls only those dialects proven that a server selected', () => {
  expect(provenDialects({ 'smb.smb2': 'yes', 'smb.dialect': '3.0.2', 'smb.smb1': 'yes' })).toEqual([
    'NT LM 0.12',
    '3.0.2',
  ]);
  expect(provenDialects({ 'smb.smb2': 'no', 'smb.dialect': '3.0.2', 'smb.smb1': 'no' })).toEqual([]);
  expect(provenDialects({})).toEqual([]);
});
