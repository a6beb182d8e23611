import { stringify } from 'yaml';
import { firstAddress, type HostRecord, hostName } from '../../domain/host.ts';
import { learnedExpectation } from '../../domain/learn.ts';
import { visible } from '../../domain/text.ts';

const HEAD = `
# What each host with an open port was at the time of writing. Whatever differs from it later is a finding. Strike out
# what you do not care about, and add what you want to be so: nothing of this was checked by anybody but you.
hosts:
`;

/** A section `hosts` that declares what each host with an open port keeps now. */
export function learnedHosts(hosts: Iterable<HostRecord>, now: number): string {
  const entries = [...hosts].flatMap((host) => {
    const { ports, ...others } = learnedExpectation(host.facts, now);
    if (ports === null || ports.length === 0) return [];
    const declared = Object.entries({ ...others, ports }).filter(([, value]) => value !== null);
    const expect = Object.fromEntries(declared.map(([key, value]) => [key, value === false ? 'no' : value]));
    const known = [hostName(host), firstAddress(host)].filter((each) => each !== null).map(visible);
    const written = stringify({ [host.mac ?? host.id]: { expect } }, { flowCollectionPadding: false });
    return [`  # ${[...new Set(known)].join(', ')}\n${written.replaceAll(/^(?=.)/gm, '  ')}`];
  });
  return entries.length === 0
    ? '\n# No host with an open port is known yet: run "smbwarden sweep" first.\n'
    : HEAD + entries.join('');
}
