import { describe, expect, it } from 'vitest';
import { whatIfJson, whatIfText } from '../../../agent/render/what-if.ts';
import type { Facts } from '../../../domain/facts.ts';
import type { HostRecord } from '../../../domain/host.ts';
import { WHAT_IF_CHANGES } from '../../../domain/what-if.ts';
import { sampleHost } from '../../support/samples.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
const PAGE = { color: false, width: Number.POSITIVE_INFINITY };
const MODERN: Facts = {
  'smb.conversation.445': 'smb',
  'smb.smb1': 'no',
  'smb.smb2': 'yes',
  'smb.dialect': '3.1.1',
  'smb.signing.smb2': 'enabled',
  'smb.encryption.supported': 'yes',
  'tcp/139': 'closed',
  'tcp/445': 'open',
};

/** Not in the order of their addresses: one that goes on, one that is silent, two that are old, one of them gone. */
const HOSTS: readonly HostRecord[] = [
  host('192.168.1.34', null, MODERN),
  host('192.168.1.66', '\u001b[2JSAN', { 'tcp/139': 'filtered', 'tcp/445': 'filtered' }),
  host('192.168.1.40', 'SCANNER', {
    'smb.smb1': 'yes',
    'smb.smb1.port': 139,
    'smb.smb2': 'no',
    'smb.signing.smb1': 'disabled',
    'tcp/139': 'open',
    'tcp/445': 'closed',
  }),
  {
    ...host('192.168.1.9', 'OLDNAS', { ...MODERN, 'smb.dialect': '2.1', 'smb.smb1': 'yes' }),
    present: false,
  },
  host('192.168.1.35', null, MODERN),
];

function host(address: string, name: string | null, facts: Facts): HostRecord {
  const names = name === null ? {} : { 'netbios.names': [{ name, suffix: 0x20, group: false }] };
  return sampleHost({ id: `u${address}`, facts: { addresses: [address], ...names, ...facts }, findings: [] });
}

describe('what a change would break', () => {
  it.each(WHAT_IF_CHANGES)(
    '%s: is shown as the golden files hold it, as text and as JSON',
    async (change) => {
      const golden = (ending: string) => new URL(`what-if-${change}.${ending}`, GOLDEN).pathname;
      await expect(`${whatIfText(change, HOSTS, PAGE)}\n`).toMatchFileSnapshot(golden('txt'));
      const json = `${JSON.stringify(whatIfJson(change, HOSTS), null, 2)}\n`;
      await expect(json).toMatchFileSnapshot(golden('json'));
    },
  );

  it('shows those that would stop first, then the unknown ones, by address, and counts the others', () => {
    const text = whatIfText('smb1-off', HOSTS, PAGE);
    const places = ['Would stop working', 'SCANNER', 'Not known', 'SAN', '3 hosts go on'].map((word) =>
      text.indexOf(word),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('does not let a name act on the terminal', () => {
    expect(whatIfText('no-netbios', HOSTS, PAGE)).not.toContain('\u001b');
  });

  it('says which sides it is about when no host is known yet', () => {
    const text = whatIfText('signing-required', [], PAGE);
    expect(text).toMatch(/On servers:.*\n(.*\n)*.*On clients:/);
    expect(text).toContain('No host is known yet');
  });

  it.each([60, 100])('fits a terminal of %i columns', (width) => {
    const lines = WHAT_IF_CHANGES.flatMap((change) =>
      whatIfText(change, HOSTS, { ...PAGE, width }).split('\n'),
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });
});
