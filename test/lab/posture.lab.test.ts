/** The posture of every SMB server, against its own configuration and against nmap, printed as a table of agreement. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dialect } from '../../domain/facts.ts';
import { buildLab, type Lab } from './build-lab.ts';
import { CAST, type CastMember } from './hosts.ts';
import { type NmapSmb, nmapSmb } from './judges.ts';
import { Program } from './program.ts';

interface SmbJson {
  readonly transports: readonly string[];
  readonly dialects: readonly Dialect[];
  readonly smb1: string;
  readonly signing: { readonly smb1: string; readonly smb2: string };
  readonly encryption: { supported: string; required: string; ciphers: readonly string[] | null };
  readonly identity: { computer: string | null; os: string | null; osBuild: number | null };
}
interface SweepJson {
  readonly hosts: readonly {
    addresses: readonly string[];
    smb: SmbJson | null;
    findings: readonly { rule: string }[];
  }[];
  readonly changes: readonly { type: string; summary: string }[];
}

const SERVERS = CAST.filter((member) => member.expected.smb !== null);

let lab: Lab;
let program: Program;
let sweep: SweepJson;
let nmap: readonly NmapSmb[];

beforeAll(async () => {
  lab = await buildLab(SERVERS);
  program = await Program.install(lab, 'posture');
  sweep = await program.json<SweepJson>('sweep');
  nmap = await nmapSmb(
    lab.agent,
    SERVERS.map(({ address }) => address),
  );
}, 180_000);
afterAll(() => lab?.close());

test.each(SERVERS.map((member) => [member.name, member] as const))(
  'tells every dialect of %s',
  (_, member) => {
    expect(smbOf(member).dialects).toEqual(member.expected.smb?.dialects);
  },
);

test.each(SERVERS.map((member) => [member.name, member] as const))('tells the ciphers of %s', (_, member) => {
  expect(smbOf(member).encryption.ciphers).toEqual(member.expected.smb?.ciphers);
});

test.each(SERVERS.map((member) => [member.name, member] as const))('tells who %s says it is', (_, member) => {
  const { computer, osBuild } = smbOf(member).identity;
  expect(computer).toBe(member.expected.smb?.computer);
  expect(osBuild).toBeNull();
});

test('agrees with nmap, and prints where', () => {
  const rows = SERVERS.map((member) => {
    const ours = smbOf(member);
    const theirs = nmap.find(({ address }) => address === member.address);
    const cells = [
      ours.dialects.join() === theirs?.dialects?.join(),
      (theirs?.signing.smb2 ?? 'unknown') === ours.signing.smb2,
      (theirs?.signing.smb1 ?? 'unknown') === ours.signing.smb1,
    ].map((agrees) => (agrees ? 'agree' : 'DIFFER').padEnd(8));
    return {
      member,
      cells,
      line: `  ${member.name.padEnd(14)} ${cells.join(' ')} ${ours.dialects.join(', ')}`,
    };
  });
  console.log(
    [
      'Agreement with nmap 7.93:',
      '  server         dialects signing2 signing1 our dialects',
      ...rows.map(({ line }) => line),
    ].join('\n'),
  );
  for (const { member, cells } of rows) expect(cells.join(' '), member.name).not.toContain('DIFFER');
});

test.each([
  ['SMB 1 comes back', { 'server min protocol': 'NT1' }, ['smb1-enabled opened']],
  ['SMB 1 goes again', { 'server min protocol': null }, ['smb1-enabled resolved']],
  ['signing becomes required', { 'server signing': 'mandatory' }, ['smb-signing-not-required resolved']],
  ['signing is no longer required', { 'server signing': null }, ['smb-signing-not-required opened']],
  ['the maximum falls to 2.1', { 'server max protocol': 'SMB2_10' }, ['smb-encryption-unsupported opened']],
  ['the maximum rises again', { 'server max protocol': null }, ['smb-encryption-unsupported resolved']],
  ['the minimum rises to 3.1.1', { 'server min protocol': 'SMB3_11' }, []],
  ['the minimum falls again', { 'server min protocol': null }, []],
  ['139 is closed', { 'smb ports': '445' }, ['netbios-session-exposed resolved']],
  ['139 is open again', { 'smb ports': null }, ['netbios-session-exposed opened']],
])('sees at the next look that %s, and draws no other conclusion', async (_, options, expected) => {
  await lab.samba('nas').restartWith(options);
  const { changes } = await program.json<SweepJson>('sweep', '--level', 'L3', '--subnet', '10.77.0.20');
  const findings = changes.filter(({ type }) => type.startsWith('finding_'));
  expect(findings.map(({ type, summary }) => conclusion(type, summary)).sort()).toEqual(expected);
});

/** `finding_reopened` is an opening, too. */
function conclusion(type: string, summary: string): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/SMB 1 is accepted/, 'smb1-enabled'],
    [/signing is not required/, 'smb-signing-not-required'],
    [/encrypt/i, 'smb-encryption-unsupported'],
    [/session service/, 'netbios-session-exposed'],
  ];
  const rule = rules.find(([pattern]) => pattern.test(summary))?.[1] ?? summary;
  return `${rule} ${type === 'finding_resolved' ? 'resolved' : 'opened'}`;
}

function smbOf(member: CastMember): SmbJson {
  const host = sweep.hosts.find(({ addresses }) => addresses.includes(member.address));
  if (host?.smb == null) throw new Error(`no SMB was seen at ${member.name}`);
  return host.smb;
}
