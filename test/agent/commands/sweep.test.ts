import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { HOME_NETWORK, homeReport } from '../../support/home-network.ts';
import { sampleFinding, sampleHost, sampleSummary } from '../../support/samples.ts';

describe('sweep', () => {
  it('hands on what was asked for', async () => {
    const asked: unknown[] = [];
    const sweep: Parameters<typeof runCommand>[1] = {
      sweep: async ({ subnets, level, mqtt }) => {
        asked.push({ subnets, level, mqtt });
        return homeReport();
      },
    };
    await runCommand(['sweep'], sweep);
    await runCommand(
      ['sweep', '--subnet', '10.0.0.0/24', '--subnet', '10.0.1.7', '--level', 'l1', '--no-mqtt'],
      sweep,
    );
    expect(asked).toEqual([
      { subnets: [], level: null, mqtt: true },
      { subnets: ['10.0.0.0/24', '10.0.1.7'], level: 'L1', mqtt: false },
    ]);
  });

  it('exits 3 when a finding is at or above --fail-on, and 4 when it is incomplete; 3 wins', async () => {
    const incomplete = {
      sweep: async () => homeReport({ sweep: { id: 1, ...sampleSummary({ complete: false }) } }),
    };
    expect((await runCommand(['sweep', '--fail-on', 'high'])).status).toBe(3);
    expect((await runCommand(['sweep', '--fail-on', 'critical'])).status).toBe(0);
    const ignored = { at: 0, until: null, note: null };
    const sweep = async () => homeReport({ hosts: HOME_NETWORK.map((host) => ({ ...host, ignored })) });
    expect((await runCommand(['sweep', '--fail-on', 'high'], { sweep })).status).toBe(0);
    expect((await runCommand(['sweep'], incomplete)).status).toBe(4);
    expect((await runCommand(['sweep', '--fail-on', 'low'], incomplete)).status).toBe(3);
  });

  it('does not fail on a finding that is resolved or acknowledged', async () => {
    const hosts = (['resolved', 'acknowledged'] as const).map((state) =>
      sampleHost({ findings: [sampleFinding({ state })] }),
    );
    const { status } = await runCommand(['sweep', '--fail-on', 'info'], {
      sweep: async () => homeReport({ hosts }),
    });
    expect(status).toBe(0);
  });

  it.each([
    [['--subnet', '8.8.8.0/24'], 'not a private range'],
    [['--subnet', '192.168.1'], 'not an address, range or subnet'],
    [['--level', 'L5'], 'write one of L1, L2, L3, L4'],
    [['--fail-on', 'hihg'], 'did you mean "high"?'],
  ])('refuses %j before it sends anything', async (args, message) => {
    const sweep = () => expect.fail('it swept');
    expect(await runCommand(['sweep', ...args], { sweep })).toEqual({
      status: 2,
      out: '',
      err: expect.stringContaining(message) as unknown,
    });
  });

  it('sends nothing with --dry-run', async () => {
    const sweep = () => expect.fail('it swept');
    expect((await runCommand(['sweep', '--dry-run'], { sweep })).out).toContain('Nothing was sent.');
  });

  it('says what to do when no private subnet is attached', async () => {
    const report = homeReport({
      hosts: [],
      changes: [],
      sweep: { id: 1, ...sampleSummary({ targets: [], addresses: 0, hostsUp: 0 }) },
    });
    const { status, out } = await runCommand(['sweep'], { sweep: async () => report });
    expect(status).toBe(0);
    expect(out).toContain('--subnet 192.168.1.0/24');
    expect(out).toContain('npm run demo');
  });
});

describe('check', () => {
  it('takes an address that is not known yet, and refuses a public one', async () => {
    const asked: unknown[] = [];
    const check: Parameters<typeof runCommand>[1] = {
      check: async (host) => {
        asked.push(host);
        return homeReport({ hosts: [] });
      },
    };
    const { out } = await runCommand(['check', '192.168.1.200'], check);
    expect(out).toContain('192.168.1.200 did not answer. Silence is not safety');
    expect((await runCommand(['check', '8.8.8.8'], check)).status).toBe(2);
    await runCommand(['check', 'naslegacy'], check);
    expect(asked).toEqual([{ address: '192.168.1.200' }, expect.objectContaining({ id: 'h001132aabbcc' })]);
  });
});
