import {
  DIALECTS,
  type Dialect,
  type Facts,
  knownCiphers,
  netbiosName,
  provenDialects,
  type Service,
  type ServiceState,
  type Share,
  type SigningPolicy,
  servicesOf,
  servicesOverIpv6,
  workgroup,
} from '../../domain/facts.ts';
import { operatingSystem } from '../../domain/os.ts';
import { sharesWithoutPassword } from '../../domain/passwordless.ts';
import { visible } from '../../domain/text.ts';

const SERVICE_NAMES: Readonly<Record<string, string>> = {
  'tcp/135': 'rpc-endpoint-mapper',
  'tcp/139': 'netbios-session',
  'tcp/445': 'smb',
  'udp/137': 'netbios-name-service',
};

/** What a port is for, by its usual number: `smb`; `tcp-8080` for others. */
export function serviceName(transport: 'tcp' | 'udp', port: number): string {
  return SERVICE_NAMES[`${transport}/${port}`] ?? `${transport}-${port}`;
}

/** Has the host answered in SMB, of any generation? */
export function speaksSmb(facts: Facts): boolean {
  return (
    facts['smb.conversation.445'] === 'smb' ||
    facts['smb.conversation.139'] === 'smb' ||
    facts['smb.smb1'] === 'yes' ||
    facts['smb.smb2'] === 'yes'
  );
}

const STATES: readonly ServiceState[] = ['open', 'closed', 'rejected', 'filtered'];

/** `open 139, 445, udp 137; closed 135`, or null when nothing is known of any port. UDP silence is left out. */
export function portsInWords(facts: Facts): string | null {
  return servicesInWords(servicesOf(facts));
}

/** `open 445; closed 135, 139; SMB 3.1.1, signing required; fe80::1%eth0`, or null where nothing answered over IPv6. */
export function ipv6InWords(facts: Facts): string | null {
  const addresses = facts['ipv6.addresses'];
  if (addresses === undefined) return null;
  const dialect = facts['tcp6/445'] === 'open' ? facts['ipv6.smb.dialect'] : undefined;
  const signing = policyInWords(facts['ipv6.smb.signing'] ?? null);
  const parts = [
    servicesInWords(servicesOverIpv6(facts)),
    dialect === undefined ? null : `SMB ${dialect}, signing ${signing}`,
    addresses.join(', '),
  ];
  return visible(parts.filter((part) => part !== null).join('; '));
}

function servicesInWords(services: readonly Service[]): string | null {
  const groups = STATES.map((state) => ({
    state,
    ports: services
      .filter((service) => service.state === state)
      .map(({ transport, port }) => (transport === 'tcp' ? `${port}` : `udp ${port}`)),
  })).filter(({ ports }) => ports.length > 0);
  return groups.length === 0
    ? null
    : groups.map(({ state, ports }) => `${state} ${ports.join(', ')}`).join('; ');
}

/** `2.0.2 to 3.1.1`; where one in between is missing, each: `2.0.2, 2.1, 3.1.1`. Dialects of SMB 2 and 3, oldest first. */
export function dialectsInWords(dialects: readonly Dialect[]): string {
  const places = dialects.map((dialect) => DIALECTS.indexOf(dialect));
  const [oldest = 0, newest = 0] = [places[0], places.at(-1)];
  const isRange = dialects.length > 2 && newest - oldest === dialects.length - 1;
  return isRange ? `${DIALECTS[oldest]} to ${DIALECTS[newest]}` : dialects.join(', ');
}

/** `SMB 3.1.1, SMB 1 accepted, signing enabled but not required, encryption supported`, or null without SMB. */
export function smbInWords(facts: Facts): string | null {
  if (!speaksSmb(facts)) return null;
  const newer = provenDialects(facts).filter((dialect) => dialect !== 'NT LM 0.12');
  const smb1 = facts['smb.smb1'];
  const words = [
    newer.length === 0
      ? facts['smb.smb2'] === 'no'
        ? 'nothing newer than SMB 1'
        : 'dialect not known'
      : `SMB ${dialectsInWords(newer)}`,
    smb1 === 'yes' ? 'SMB 1 accepted' : smb1 === 'no' ? 'SMB 1 refused' : 'SMB 1 not known',
    signingInWords(facts),
    ...encryptionInWords(facts),
  ];
  return words.join(', ');
}

function encryptionInWords(facts: Facts): string[] {
  if (facts['smb.encryption.supported'] === 'no') return ['no encryption'];
  const required = facts['smb.encryption.required'] === 'yes';
  if (facts['smb.encryption.supported'] !== 'yes' && !required) return [];
  const ciphers = knownCiphers(facts) ?? [];
  const listed = ciphers.length === 0 ? '' : ` (${visible(ciphers.join(', '))})`;
  return [`encryption ${required ? 'required' : 'supported'}${listed}`];
}

function signingInWords(facts: Facts): string {
  const smb2 = facts['smb.signing.smb2'] ?? null;
  const smb1 = facts['smb.signing.smb1'] ?? null;
  if (smb2 === null && smb1 === null) return 'signing not known';
  if (smb2 === null || smb1 === null || smb1 === smb2) return `signing ${policyInWords(smb2 ?? smb1)}`;
  return `signing ${policyInWords(smb2)} (SMB 1: ${policyInWords(smb1)})`;
}

function policyInWords(policy: SigningPolicy | null): string {
  return policy === 'enabled' ? 'enabled but not required' : (policy ?? 'not known');
}

/** `NASLEGACY in WORKGROUP`, or null when the host has not answered node status. */
export function netbiosInWords(facts: Facts): string | null {
  if ((facts['netbios.names'] ?? null) === null) return null;
  const name = netbiosName(facts);
  const group = workgroup(facts);
  const named = name === null ? 'answers without a computer name' : visible(name);
  return group === null ? named : `${named} in ${visible(group)}`;
}

/**
 * `NASLEGACY in WORKGROUP, nas.home.arpa, Samba`, without the names that node status tells already; null when no NTLM
 * challenge has told anything more.
 */
export function identityInWords(facts: Facts): string | null {
  const identity = facts['smb.identity'] ?? null;
  if (identity === null) return null;
  const { computer, domain, dnsComputer, version } = identity;
  const named = visible(`${computer ?? ''}${domain === null || domain === computer ? '' : ` in ${domain}`}`);
  const { os, osBuild } = operatingSystem(identity);
  const words = [
    named === netbiosInWords(facts) ? '' : named.trim(),
    dnsComputer?.toLowerCase() === computer?.toLowerCase() ? '' : visible(dnsComputer ?? ''),
    os === null ? (version === null ? '' : `NTLM version ${visible(version)}`) : `${os}${build(osBuild)}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? null : words.join(', ');
}

function build(osBuild: number | null): string {
  return osBuild === null ? '' : ` (build ${osBuild})`;
}

const MOST_SHARES = 20;

/**
 * `media (readable), public (readable, writable), secret`: what sessions without a password are told of the shares, in
 * the server's order, administrative ones left out; null while nobody has asked.
 */
export function sharesInWords(facts: Facts): string | null {
  const shares = sharesWithoutPassword(facts);
  if (shares === undefined) return null;
  if (shares === null) return 'not told without a password';
  const told = shares.filter(({ name, type }) => type !== 'ipc' && !name.endsWith('$'));
  const more = told.length - MOST_SHARES;
  const words = told.slice(0, MOST_SHARES).map(shareInWords);
  if (more > 0) words.push(`and ${more} more`);
  return words.length === 0 ? 'none told without a password' : words.join(', ');
}

const ACCESS_NOTES: Readonly<Record<Share['readable'], readonly string[]>> = {
  yes: ['readable'],
  no: [],
  unknown: ['reading not known'],
};

function shareInWords({ name, type, readable, writable }: Share): string {
  if (type !== 'disk') return `${visible(name)} (${type})`;
  const notes = [...ACCESS_NOTES[readable], ...(writable === 'yes' ? ['writable'] : [])];
  return notes.length === 0 ? visible(name) : `${visible(name)} (${notes.join(', ')})`;
}
