import { describe, expect, it } from 'vitest';
import { findHost } from '../../../agent/commands/lookup.ts';
import { Messages } from '../../../agent/publish/messages.ts';
import { hostBlock, hostText } from '../../../agent/render/host.ts';
import { hostsText } from '../../../agent/render/hosts.ts';
import { hostJson } from '../../../agent/render/json.ts';
import type { View } from '../../../agent/render/text.ts';
import type { HostRecord } from '../../../domain/host.ts';
import type { OwnersEntry } from '../../../domain/owners-hosts.ts';
import { AGENT_ID, sampleMqtt, samplePicture, TOPICS } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleHost, sampleOwnersEntry } from '../../support/samples.ts';

const HOUR = 3_600_000;
const VIEW: View = { color: false, width: 110, now: SAMPLE_TIME + 3 * HOUR, timeZone: 'UTC' };
const noVendor = () => null;

const said = (word: Partial<OwnersEntry>): HostRecord => sampleHost({ ownersWord: sampleOwnersEntry(word) });
const text = (host: HostRecord, vendorOf: (mac: string) => string | null = noVendor) =>
  hostText({ host, since: new Map(), changes: null, vendorOf }, VIEW);
const json = (host: HostRecord) => {
  const agent = { id: AGENT_ID, version: '1.0.0' };
  return (hostJson({ agent, host, changes: null, vendorOf: noVendor }) as { host: object }).host;
};

describe('a host that the owner has named', () => {
  const named = said({ name: 'Attic NAS', note: 'backups\x1b[2J' });

  it('is shown by that name, with the one that it tells beside it', () => {
    expect(text(named)).toContain('Attic NAS  192.168.1.21');
    expect(text(named)).toContain('  name     calls itself NASLEGACY\n');
    expect(text(named)).toContain('  note     backups\\x1b[2J\n');
    expect(hostsText([named], VIEW)).toContain('Attic NAS');
    expect(json(named)).toMatchObject({ name: 'Attic NAS', toldName: 'NASLEGACY', note: 'backups\x1b[2J' });
    expect(json(sampleHost())).toMatchObject({ name: 'NASLEGACY', toldName: 'NASLEGACY', note: null });
  });

  it('is found by either name', () => {
    expect(findHost([named], 'attic nas')).toBe(named);
    expect(findHost([named], 'naslegacy')).toBe(named);
  });

  it('is a device of that name in Home Assistant', () => {
    const agent = { id: AGENT_ID, version: '1.0.0' };
    const messages = new Messages(agent, TOPICS, sampleMqtt().homeAssistant, noVendor);
    const nobody = { devices: new Set<string>(), hidden: new Set<string>() };
    expect(JSON.stringify(messages.of(samplePicture([named]), nobody))).toContain('Attic NAS');
  });
});

describe('a host that is held', () => {
  it('is shown with the level and the reason', () => {
    const printer = sampleHost({ facts: { 'mdns.services': ['_ipp._tcp'] } });
    expect(text(printer)).toContain('  held     at L2: looks like a printer by its mDNS services\n');
    expect(hostBlock(printer, VIEW, noVendor)).toContain('held     at L2');
    expect(text(sampleHost(), () => 'Axis Communications AB')).toContain(
      'held     at L2: looks like a camera by the maker of its network card',
    );
    expect(json(printer)).toMatchObject({
      heldAt: { level: 'L2', why: 'looks like a printer by its mDNS services', lastAskedAt: null },
      mdnsServices: ['_ipp._tcp'],
    });
    expect(json(sampleHost())).toMatchObject({ heldAt: null, mdnsServices: null });
  });

  it("is shown with the owner's wish where there is one", () => {
    expect(text(said({ levels: 'L1' }))).toContain("  held     at L1: the owner's wish\n");
  });
});

describe('a host that is left asleep', () => {
  const asleep = said({ letSleep: true });

  it('is shown as such, with the time of the last look', () => {
    expect(text(asleep)).toContain("  held     at L0: asleep by the owner's wish; last asked ");
    expect(text(asleep)).toContain('(3 hours ago)');
    expect(json(asleep)).toMatchObject({
      heldAt: { level: 'L0', lastAskedAt: new Date(SAMPLE_TIME).toISOString() },
    });
  });

  it('is neither fresh nor gone in the list of hosts', () => {
    expect(hostsText([asleep], VIEW)).toContain('asleep, asked 3 hours ago');
    expect(hostsText([{ ...asleep, present: false }], VIEW)).not.toContain('gone');
  });
});
