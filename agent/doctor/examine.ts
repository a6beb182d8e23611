import type { Config } from '../config.ts';
import { addressFilterChecks } from './address-filter.ts';
import { brokerChecks, eventsCheck } from './broker.ts';
import { type Check, unknown } from './check.ts';
import { clockCheck } from './clock.ts';
import { configurationChecks, passwordCheck } from './configuration.ts';
import { databaseChecks } from './database.ts';
import type { DoctorWorld, Recorded, Unit } from './doctor-world.ts';
import { ipv6Check } from './ipv6.ts';
import { neighbourCheck, ownPortsCheck, subnetChecks } from './network.ts';
import { runtimeCheck } from './runtime.ts';
import { daemonChecks, unitChecks } from './service.ts';
import { sweepChecks } from './sweeps.ts';

/**
 * Looks at the whole installation, in the order in which one thing rests on another. `onProgress` is told what is looked
 * at, as a person would say it.
 */
export async function examine(world: DoctorWorld, onProgress: (what: string) => void): Promise<Check[]> {
  const runtime = runtimeCheck(world);
  // The database crashes on an old Node.js, and would take the doctor with it.
  if (runtime.verdict === 'fault') return [runtime, unknown('rest', 'not looked at on this Node.js')];
  onProgress('service');
  const [unit, control] = [await world.unit(), await world.control()];
  const { configuration } = world;
  const config = configuration.kind === 'good' ? configuration.config : null;
  onProgress('database');
  const recorded = config === null ? null : world.recorded(config);
  const database = await databaseChecks(world, config);
  return [
    runtime,
    ...configurationChecks(world),
    ...(config === null
      ? [unknown('rest', 'subnets, sweeps and broker were not looked at: the configuration is wrong')]
      : [...passwordCheck(world, config), ...(await networkChecks(world, config, recorded))]),
    await ownPortsCheck(world),
    ...database,
    ...unitChecks(unit),
    ...daemonChecks(control, unit, world.daemons(), world.version),
    ...(config === null ? [] : sweepChecks(recorded, { control, unit }, world.now())),
    await clockCheck(world, recorded),
    ...(config === null ? [] : await outsideChecks(world, config, unit, onProgress)),
    ...(config === null ? [] : eventsCheck(recorded, control, config)),
  ];
}

async function networkChecks(
  world: DoctorWorld,
  config: Config,
  recorded: Recorded | null,
): Promise<Check[]> {
  return [
    ...subnetChecks(world, config),
    ...(await neighbourCheck(world, config)),
    ...(await ipv6Check(world, config, recorded)),
  ];
}

async function outsideChecks(
  world: DoctorWorld,
  config: Config,
  unit: Unit | null,
  onProgress: (what: string) => void,
): Promise<Check[]> {
  const filter = await addressFilterChecks(world, unit, config);
  onProgress('broker');
  return [...filter, ...(await brokerChecks(world, config))];
}
