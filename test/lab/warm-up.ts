import type { LabHost } from './build-lab.ts';
import type { Station } from './lan.ts';
import { smbclientShares } from './smb-clients.ts';

/** So many at a time, or a small machine has more to start than it can in the time that a client waits. */
const AT_ONCE = 3;

/**
 * Asks each Samba for its shares once. Samba starts the helpers for that when first asked, which takes the many servers of
 * a lab on one machine seconds; a test of what they say, and not of how long they take, does so beforehand.
 */
export async function warmUp(agent: Station, hosts: readonly LabHost[]): Promise<void> {
  const waiting = hosts.filter(({ samba }) => samba !== null);
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      const options = host.samba?.settings.options ?? {};
      const port = options['smb ports'] === '139' ? 139 : 445;
      const oldest = options['server max protocol'] === 'NT1' ? 'NT1' : 'SMB2_02';
      await smbclientShares(agent, { address: host.address, port, oldest });
    }
  });
  await Promise.all(workers);
}
