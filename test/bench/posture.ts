import type { Address } from '../../domain/address.ts';
import type { Lab, LabHost } from '../lab/build-lab.ts';
import { castOf } from '../lab/hosts.ts';
import { nmapPosture, POSTURE_SCRIPTS } from '../lab/nmap.ts';
import { Program } from '../lab/program.ts';
import { warmUp } from '../lab/warm-up.ts';
import { HOME, measureInLab, missingInLab } from './in-lab.ts';
import { type Measured, ofRounds, type Section } from './section.ts';

/** A tenth of nmap's time per host. */
const MOST_OF_NMAP = 1 / 10;
const SERVERS = HOME.filter(({ expected }) => expected.smb !== null);
/** For a quick run: nmap takes two seconds for each. */
const FEW = castOf('nas', 'legacy');
/** Fewer hosts are asked no quicker one by one than one alone: nothing is promised of them. */
const MANY = 5;

/** Everything there is to ask of SMB hosts at first sight, beside nmap with its scripts for that. */
export const postureSection: Section = {
  name: 'posture',
  about: 'full posture (L4) of SMB hosts at first sight, whole commands, per host',
  missing: missingInLab,
  run: ({ quick, say }) =>
    measureInLab(quick ? FEW : SERVERS, async (lab) => {
      await warmUp(lab.agent, lab.hosts);
      const sambas = lab.hosts.filter(({ samba }) => samba !== null);
      const groups = [
        ...(quick ? [] : [{ of: `${lab.hosts.length} hosts: Samba, impacket, quicksand`, hosts: lab.hosts }]),
        { of: `${sambas.length} Sambas alone`, hosts: sambas },
        { of: 'a single ordinary Samba', hosts: [lab.host('nas')] },
      ];
      const rows: Measured[] = [];
      for (const { of, hosts } of groups) rows.push(await sideBySide(lab, of, hosts, quick ? 1 : 5, say));
      return rows;
    }),
};

async function sideBySide(
  lab: Lab,
  what: string,
  hosts: readonly LabHost[],
  rounds: number,
  say: (text: string) => void,
): Promise<Measured> {
  const addresses = hosts.map(({ address }) => address);
  const ours: number[] = [];
  const nmap: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    say(`${what}, round ${round} of ${rounds}`);
    ours.push((await postureMs(lab, addresses, `posture-${hosts.length}-${round}`)) / hosts.length);
    nmap.push((await nmapPosture(lab.agent, addresses)).durationMs / hosts.length);
  }
  const scripts = `nmap with ${POSTURE_SCRIPTS.length} scripts`;
  const mostRatio = hosts.length < MANY ? null : MOST_OF_NMAP;
  return ofRounds(ours, { what, unit: 'ms', most: null, peer: { what: scripts, rounds: nmap, mostRatio } });
}

/** The whole command, milliseconds, on a database of its own, so that every question is put. @throws Error when it misses a host. */
async function postureMs(lab: Lab, addresses: readonly Address[], name: string): Promise<number> {
  const program = await Program.install(lab, name);
  const subnets = addresses.flatMap((address) => ['--subnet', address]);
  const { code, stdout, stderr, durationMs } = await program.run(
    'sweep',
    '--level',
    'L4',
    '--json',
    ...subnets,
  );
  if (code !== 0) throw new Error(`smbwarden sweep --level L4: exit status ${code}: ${stderr}`);
  const seen = JSON.parse(stdout) as { hosts: readonly { smb: object | null }[] };
  const told = seen.hosts.filter(({ smb }) => smb !== null).length;
  if (told !== addresses.length)
    throw new Error(`smbwarden sweep --level L4: SMB of ${told} of ${addresses.length}`);
  return durationMs;
}
