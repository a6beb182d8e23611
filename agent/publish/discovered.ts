import { PLATFORMS, type Platform } from './components.ts';

/** Discovery payloads as they are found in the broker, where anybody may have put them. */

/**
 * `wanted` with a tombstone (a component reduced to its platform) for each component that `published` has and `wanted`
 * lacks, or null where nothing was taken away. Leaving a component out does not remove its entity in Home Assistant.
 */
export function withTombstones(published: string, wanted: string): string | null {
  const before = componentsOf(published);
  const payload = JSON.parse(wanted) as { components: Record<string, object> };
  const gone = [...before].filter(([key]) => !Object.hasOwn(payload.components, key));
  if (gone.length === 0) return null;
  const tombstones = gone.map(([key, platform]) => [key, { platform }] as const);
  return JSON.stringify({
    ...payload,
    components: { ...payload.components, ...Object.fromEntries(tombstones) },
  });
}

/** The device's name in a discovery payload that may be anybody's, or null. */
export function discoveredName(payload: string): string | null {
  const name = property(property(parsed(payload), 'device'), 'name');
  return typeof name === 'string' ? name : null;
}

/** Key and platform of each component in a payload that may be anybody's. */
function componentsOf(payload: string): ReadonlyMap<string, Platform> {
  const components = new Map<string, Platform>();
  for (const [key, component] of Object.entries(property(parsed(payload), 'components') ?? {})) {
    const platform = PLATFORMS.find((each) => each === property(component, 'platform'));
    if (platform !== undefined && /^[a-z0-9_]+$/.test(key)) components.set(key, platform);
  }
  return components;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
