/** What discovery payloads are made of: one component for each entity. */

/** Platforms that the payloads use, all of them known to the oldest Home Assistant that is supported. */
export const PLATFORMS = [
  'binary_sensor',
  'sensor',
  'event',
  'button',
  'switch',
  'number',
  'select',
  'device_automation',
] as const;
export type Platform = (typeof PLATFORMS)[number];

export type Component = Readonly<Record<string, unknown>> & { readonly platform: Platform };
export type NamedComponent = readonly [key: string, component: Component];

/** Whose entities: prefix of the unique ids, prefix of the entity ids, topic of the state JSON. */
export interface Owner {
  readonly identifier: string;
  readonly slug: string;
  readonly stateTopic: string;
}

/** An entity that shows one key of its owner's state JSON. */
export function shown(
  owner: Owner,
  platform: Platform,
  key: string,
  name: string,
  options: object,
): NamedComponent {
  return entity(owner, platform, key, name, {
    ...options,
    state_topic: owner.stateTopic,
    value_template: `{{ value_json.${key} }}`,
  });
}

/** `qos` is repeated in every component: Home Assistant <= 2026.5 does not copy it from the root. */
export function entity(
  owner: Owner,
  platform: Platform,
  key: string,
  name: string,
  options: object,
): NamedComponent {
  return [
    key,
    {
      platform,
      unique_id: `${owner.identifier}_${key}`,
      default_entity_id: `${platform}.${owner.slug}_${key}`,
      name,
      ...options,
      qos: 1,
    },
  ];
}
