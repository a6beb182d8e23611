import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../agent/commands/context.ts';
import type { DoctorWorld } from '../../../agent/doctor/doctor-world.ts';
import type { SweepReport } from '../../../agent/sweep/report.ts';
import type { Facts } from '../../../domain/facts.ts';
import { TargetError } from '../../../domain/target.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import { runCommand } from '../../support/command-line.ts';
import { doctorWorld, GOOD_EXAMINATION, SERVICE } from '../../support/doctor-world.ts';
import { homeReport, OLD_NAS } from '../../support/home-network.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
const BROKER =
  'mqtt: {url: "mqtt://192.168.1.5", username: warden, passwordFile: /etc/smbwarden/mqtt-password}';

/** An installation in which much is wrong. */
const ILL: Partial<DoctorWorld> = {
  neighbours: async () => ({ macs: new Map(), limit: 256 }),
  listening: async () => ['tcp/445 on 0.0.0.0'],
  unit: async () => ({ ...SERVICE, activeState: 'failed', outcome: 'exit-code' }),
  control: async () => ({ kind: 'silent', path: '/run/smbwarden/control.sock' }),
  daemons: () => [],
  clockIsSynchronised: async () => false,
  examineBroker: async () => ({
    ...GOOD_EXAMINATION,
    steps: [
      { step: 'reach', tookMs: 2, error: null },
      { step: 'login', tookMs: 5, error: 'Not authorized\u001b[31m; check user name and password' },
    ],
  }),
};

const WRONG: Partial<DoctorWorld> = {
  configuration: {
    kind: 'wrong',
    message: 'configuration /etc/smbwarden/config.yaml: one mistake',
    mistakes: [{ line: 3, path: 'paces', message: 'unknown key; did you mean "pace"?' }],
  },
};

/** A check of the old NAS that saw `facts`. */
const seeing = (facts: Facts) => async (): Promise<SweepReport> =>
  homeReport({ hosts: [{ ...OLD_NAS, facts: { ...OLD_NAS.facts, ...facts } }] });

const nobody = async (): Promise<SweepReport> => homeReport({ hosts: [] });

interface Scene {
  readonly args: readonly string[];
  readonly world: Partial<DoctorWorld>;
  readonly check: CommandContext['check'];
  readonly config: string;
  readonly status: number;
}

function scene(parts: Partial<Scene>): Scene {
  return { args: [], world: {}, check: seeing({}), config: '', status: 0, ...parts };
}

function run({ args, world, check, config }: Scene, ...more: readonly string[]) {
  return runCommand(['doctor', ...args, ...more], {
    config,
    check,
    doctor: async () => doctorWorld(world, config),
  });
}

describe('doctor', () => {
  it.each<[string, Scene]>([
    ['doctor', scene({ config: BROKER })],
    ['doctor-ill', scene({ config: BROKER, world: ILL, status: 1 })],
    ['doctor-wrong-config', scene({ world: WRONG, status: 1 })],
    ['doctor-host', scene({ args: ['naslegacy'] })],
    [
      'doctor-host-filtered',
      scene({ args: ['192.168.1.21'], check: seeing({ 'tcp/445': 'filtered', 'tcp/139': 'filtered' }) }),
    ],
    [
      'doctor-host-absent',
      scene({
        args: ['192.168.1.21'],
        check: nobody,
        world: { neighbours: async () => ({ macs: new Map([['192.168.1.21', null]]), limit: 1_024 }) },
        status: 1,
      }),
    ],
  ])('prints what the golden file %s holds, as text and as JSON', async (name, played) => {
    const text = await run(played);
    expect(text).toMatchObject({ status: played.status, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await run(played, '--json');
    expect(json).toMatchObject({ status: played.status, err: '' });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });

  it('looks at nothing else on a Node.js that is too old for the database', async () => {
    const world = {
      runtime: () => ({ node: '20.20.0', nodeApi: 9 }),
      database: () => expect.fail('it crashes'),
    };
    const { status, out } = await run(scene({ world }), '--json');
    expect(status).toBe(1);
    expect(JSON.parse(out).checks.map(({ name }: { name: string }) => name)).toEqual(['runtime', 'rest']);
  });
});

describe('doctor HOST', () => {
  const unasked = async () => expect.fail('nothing is sent to it');

  it.each([
    ['an excluded address', 'exclude: [192.168.1.0/27]', 'excluded'],
    ['a host that is left asleep', 'hosts: {192.168.1.99: {letSleep: true}}', 'asleep'],
  ])('sends nothing to %s, and says why', async (_title, config, name) => {
    const address = config.startsWith('exclude') ? '192.168.1.21' : '192.168.1.99';
    const { status, out } = await run(scene({ args: [address], config, check: unasked }));
    expect(status).toBe(0);
    expect(out).toMatch(new RegExp(`^warning +${name}`, 'm'));
  });

  it('says why it could not look', async () => {
    const check = async () => {
      throw new Error('sweep: maintenance until tomorrow');
    };
    const { status, out } = await run(scene({ args: ['naslegacy'], check }));
    expect({ status, out }).toMatchObject({
      status: 0,
      out: expect.stringContaining('maintenance until') as unknown,
    });
  });

  it('needs no history, but a private address or a known name', async () => {
    const storage = () => {
      throw new StorageError('missing', 'none');
    };
    const doctor = async () => doctorWorld();
    const first = await runCommand(['doctor', '192.168.1.21'], { storage, doctor, check: nobody });
    expect(first.out).toContain('the history knows nobody there');
    expect(await runCommand(['doctor', 'nobody'], { doctor })).toMatchObject({ status: 1, out: '' });
    const check = async () => {
      throw new TargetError('unreached');
    };
    expect(await runCommand(['doctor', '8.8.8.8'], { doctor, check })).toMatchObject({
      status: 2,
      err: expect.stringContaining('not a private range') as unknown,
    });
  });

  it('sees the MAC of an address change while it looks', async () => {
    const macs = ['00:11:32:aa:bb:cc', 'b8:27:eb:12:34:56'];
    const neighbours = async () => ({
      macs: new Map([['192.168.1.21', macs.shift() ?? null]]),
      limit: 1_024,
    });
    const { status, out } = await run(scene({ args: ['naslegacy'], world: { neighbours } }));
    expect(status).toBe(1);
    expect(out).toContain('belonged to 00:11:32:aa:bb:cc, then to b8:27:eb:12:34:56');
  });
});
