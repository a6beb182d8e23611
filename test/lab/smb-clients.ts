/** Independent opinions of what an SMB server gives to somebody without a password, by clients that others wrote. */
import { fileURLToPath } from 'node:url';
import type { Address } from '../../domain/address.ts';
import type { Answer, NetbiosName } from '../../domain/facts.ts';
import type { Station } from './lan.ts';
import { PYTHON } from './python-servers.ts';
import { ended } from './run.ts';

/** Where a server is, and with which protocol to begin: some meet SMB 1 with silence. */
export interface SmbServer {
  readonly address: Address;
  readonly port: 445 | 139;
  readonly oldest: 'NT1' | 'SMB2_02';
}

const NTLM_JUDGE = fileURLToPath(new URL('servers/ntlm-judge.py', import.meta.url));

/**
 * Shares that smbclient lists without a password, with their kinds (`Disk`, `IPC`), in order of name; null: it gets no
 * list.
 */
export async function smbclientShares(
  agent: Station,
  server: SmbServer,
): Promise<readonly { readonly name: string; readonly kind: string }[] | null> {
  const { code, stdout } = await smbclient(agent, server, ['-g', '-L', `//${server.address}`]);
  if (code !== 0) return null;
  return [...stdout.matchAll(/^(\w+)\|([^|]*)\|/gm)]
    .filter(([, kind]) => kind === 'Disk' || kind === 'IPC' || kind === 'Printer')
    .map(([, kind = '', name = '']) => ({ name, kind }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Can smbclient list the root of a share without a password. */
export async function smbclientReads(agent: Station, server: SmbServer, share: string): Promise<Answer> {
  const { code, stdout } = await smbclient(agent, server, [`//${server.address}/${share}`, '-c', 'ls']);
  if (code === 0) return 'yes';
  return stdout.includes('NT_STATUS_ACCESS_DENIED') ? 'no' : 'unknown';
}

/** What rpcclient learns in an anonymous session from the pipe srvsvc; null: it gets none. */
export interface ServerService {
  /** `NAS` */
  readonly computer: string;
  /** `Samba 4.17.12-Debian` */
  readonly comment: string;
  /** In order of name. */
  readonly shares: readonly string[];
}

export async function rpcclientServer(agent: Station, server: SmbServer): Promise<ServerService | null> {
  const options = ['-U%', '-p', String(server.port), `--option=client min protocol=${server.oldest}`];
  const { code, stdout } = ended(
    await agent.run('rpcclient', [...options, server.address, '-c', 'srvinfo; netshareenumall']),
  );
  const [, computer = '', comment = ''] = /^\s*(\S+)\s+Wk Sv PrQ Unx NT SNT (.+)$/m.exec(stdout) ?? [];
  if (code !== 0 || computer === '') return null;
  const shares = [...stdout.matchAll(/^netname: (.+)$/gm)].map(([, name = '']) => name).sort();
  return { computer, comment: comment.trim(), shares };
}

/** What a server tells in its NTLM challenge, or in SMB 1's own words, by impacket's client; null: nothing. */
export interface NtlmWords {
  readonly computer: string;
  readonly dnsComputer: string;
  /** `6.1.0` */
  readonly version: string;
}

/** `dialect`: the only one to offer, as impacket numbers it (0x0311), or `NT LM 0.12`. */
export async function impacketNames(
  agent: Station,
  { address, port }: SmbServer,
  dialect: number | 'NT LM 0.12',
): Promise<NtlmWords | null> {
  const { code, stdout } = ended(
    await agent.run(PYTHON, [NTLM_JUDGE, address, String(port), String(dialect)]),
  );
  return code === 0 ? (JSON.parse(stdout) as NtlmWords) : null;
}

/** Names by Samba's own node status client, in wire order; null: no answer. */
export async function nmblookupNames(agent: Station, address: Address): Promise<NetbiosName[] | null> {
  const { code, stdout } = ended(await agent.run('nmblookup', ['-A', address]));
  if (code !== 0) return null;
  return [...stdout.matchAll(/^\t(.*?) +<([0-9a-f]{2})> - (<GROUP>)?/gm)].map(
    ([, name = '', suffix = '', group]) => ({
      name,
      suffix: Number.parseInt(suffix, 16),
      group: group !== undefined,
    }),
  );
}

async function smbclient(agent: Station, { port, oldest }: SmbServer, args: readonly string[]) {
  const options = ['-N', '-p', String(port), '-m', 'SMB3', `--option=client min protocol=${oldest}`];
  return ended(await agent.run('smbclient', [...options, ...args]));
}
