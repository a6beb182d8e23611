import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import { ruleOf } from '../../../domain/assess.ts';
import { hostName } from '../../../domain/host.ts';
import { hostKey } from '../../../domain/owners-hosts.ts';
import { runCommand } from '../../support/command-line.ts';
import { GOOD_PC, HOME_NETWORK, OLD_NAS } from '../../support/home-network.ts';

const INIT = ['config', 'init', '--from-history'];

describe('config init --from-history', () => {
  it('declares what each host with an open port is now, and nothing of the others', async () => {
    const { status, out } = await runCommand(INIT);
    expect(status).toBe(0);
    await expect(out.slice(out.indexOf('# What each host'))).toMatchFileSnapshot(
      '../../golden/config-init-from-history.yaml',
    );
  });

  it('is a configuration that no host breaks as it is', async () => {
    const { hosts } = parseConfig((await runCommand(INIT)).out, 'new.yaml');
    const declared = Object.entries(hosts);
    expect(declared.length).toBeGreaterThan(1);
    for (const [key, { expect: expected }] of declared) {
      const host = HOME_NETWORK.find(({ id, mac }) => hostKey(mac ?? id) === hostKey(key));
      const standing = { known: host?.facts ?? {}, expected };
      const verdict = ruleOf('expectation-violated').judge({}, 0, standing);
      expect([key, verdict.answer]).not.toEqual([key, 'yes']);
    }
    expect(declared.map(([key]) => hostKey(key))).toContain(hostKey(GOOD_PC.id));
  });

  it('does not declare what is bad already', async () => {
    const { hosts } = parseConfig((await runCommand(INIT)).out, 'new.yaml');
    const nas = Object.entries(hosts).find(([key]) => hostKey(key) === hostKey(OLD_NAS.id))?.[1];
    expect(nas?.expect, hostName(OLD_NAS)).toMatchObject({ smb1: null, signing: null, netbios: null });
  });
});
