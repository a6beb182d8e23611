import {
  type FactName,
  type FactValue,
  isServiceKey,
  type NetbiosName,
  type ServiceKey,
  type Share,
  type SmbIdentity,
} from './facts.ts';
import { visible } from './text.ts';

const FACT_LABELS: Readonly<Record<Exclude<FactName, ServiceKey>, string>> = {
  addresses: 'addresses',
  'netbios.names': 'NetBIOS names',
  'netbios.unitId': 'NetBIOS unit ID',
  'netbios.session': 'NetBIOS session',
  'netbios.calledName': 'NetBIOS called name',
  'smb.conversation.445': 'conversation on port 445',
  'smb.conversation.139': 'conversation on port 139',
  'smb.smb1': 'SMB 1',
  'smb.smb1.port': 'port of SMB 1',
  'smb.smb2': 'SMB 2/3',
  'smb.dialect': 'best dialect',
  'smb.dialects': 'dialects',
  'smb.signing.smb1': 'signing over SMB 1',
  'smb.signing.smb2': 'signing over SMB 2/3',
  'smb.encryption.supported': 'encryption supported',
  'smb.encryption.required': 'encryption required',
  'smb.encryption.ciphers': 'ciphers',
  'smb.identity': 'identity',
  'smb.compression': 'compression',
  'smb.serverGuid': 'server GUID',
  'smb.serverGuid.lasting': 'server GUID lasts',
  'smb.bootTime': 'boot time',
  'smb.anonymous.session': 'session without a password',
  'smb.anonymous.shares': 'shares told without a password',
  'mdns.services': 'mDNS services',
  'smb.guest.session': 'session as a guest',
  'smb.guest.shares': 'shares told to a guest',
  'smb.ms17010': 'without the update of MS17-010',
  'rpc.bindAcknowledged': 'RPC bind acknowledged',
  'ipv6.addresses': 'IPv6 addresses',
  'ipv6.smb.conversation': 'conversation over IPv6',
  'ipv6.smb.dialect': 'best dialect over IPv6',
  'ipv6.smb.signing': 'signing over IPv6',
  'agent.listening': 'listening on this machine',
};

/** What people call a fact: `signing over SMB 2/3`; the state of a service has its key, and so has a fact without a label. */
export function factLabel(name: FactName): string {
  return isServiceKey(name) ? name : FACT_LABELS[name];
}

/** A value of a fact for people, made harmless: lists with commas, nothing as `none`. */
export function factInWords(value: FactValue | null): string {
  if (value === null || value === undefined) return 'none';
  if (isIdentity(value)) return visible(Object.values(value).filter(Boolean).join(', ') || 'none');
  if (!Array.isArray(value)) return visible(String(value));
  const words = value.map((each: string | NetbiosName | Share) =>
    typeof each === 'string' ? each : 'suffix' in each ? nameInWords(each) : shareInWords(each),
  );
  return words.length === 0 ? 'none' : visible(words.join(', '));
}

function nameInWords({ name, suffix }: NetbiosName): string {
  return `${name}<${suffix.toString(16).padStart(2, '0')}>`;
}

function shareInWords({ name, readable, writable }: Share): string {
  const access = [...(readable === 'yes' ? ['readable'] : []), ...(writable === 'yes' ? ['writable'] : [])];
  return access.length === 0 ? name : `${name} (${access.join(', ')})`;
}

function isIdentity(value: FactValue): value is SmbIdentity {
  return typeof value === 'object' && value !== null && 'version' in value;
}
