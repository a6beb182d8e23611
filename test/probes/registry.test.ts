import { describe, expect, it } from 'vitest';
import { LEVELS } from '../../domain/level.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { PROBES } from '../../probes/registry.ts';

const probes = Object.values(PROBES);

describe('the registry', () => {
  it('names each probe once, by a kebab-case name', () => {
    const names = probes.map((probe) => probe.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it('says of each what it asks, as a question, and at which level', () => {
    expect(probes.filter((probe) => !/^[A-Z].*\?$/.test(probe.asks))).toEqual([]);
    expect(probes.filter((probe) => !LEVELS.includes(probe.level))).toEqual([]);
  });

  it('maps the services to their standard ports', () => {
    const ports = Object.entries(PROBES).map(([key, probe]) => [key, STANDARD_PORTS[probe.port]]);
    const { nodeStatus, netbiosSession, endpointMapper, ...others } = Object.fromEntries(ports);
    expect([nodeStatus, netbiosSession, endpointMapper]).toEqual([137, 139, 135]);
    expect(new Set(Object.values(others))).toEqual(new Set([445]));
  });
});
