import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { agentDiscovery, SUPPORT_URL } from '../agent/publish/home-assistant.ts';
import { EVENT_TYPES } from '../domain/event.ts';
import { SEVERITIES } from '../domain/finding.ts';
import { AGENT_ID, TOPICS } from './support/publisher-parts.ts';

/** What the owner imports into Home Assistant uses only what we publish, and is where its links say. */

const ROOT = new URL('../', import.meta.url);
const BLUEPRINTS = globSync('homeassistant/blueprints/automation/smbwarden/*.yaml', {
  cwd: ROOT.pathname,
}).sort();
const RAW = SUPPORT_URL.replace('https://github.com/', 'https://raw.githubusercontent.com/');
const IMPORT = 'https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=';
/** Cards that every installation has. */
const CORE_CARDS = ['heading', 'tile', 'markdown', 'statistics-graph', 'entities', 'conditional'];

const text = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const yaml = (path: string): unknown =>
  parse(text(path), { customTags: [{ tag: '!input', resolve: (name: string) => `!input ${name}` }] });

const { components } = JSON.parse(agentDiscovery({ id: AGENT_ID, version: '1.0.0' }, TOPICS)) as {
  components: Record<string, { default_entity_id?: string; json_attributes_topic?: string }>;
};
const entityIds = Object.values(components).flatMap(({ default_entity_id: id }) => id ?? []);

/** Every object in a parsed document. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : [value as Record<string, unknown>];
  return [...own, ...Object.values(value).flatMap(objectsIn)];
}

describe.each(BLUEPRINTS)('%s', (path) => {
  const document = yaml(path) as {
    blueprint: { source_url: string; homeassistant: { min_version: string }; input: Record<string, unknown> };
  };

  it('says where it comes from, and from which Home Assistant on it works', () => {
    expect(document.blueprint.source_url).toBe(`${SUPPORT_URL}/blob/main/${path}`);
    expect(document.blueprint.homeassistant.min_version).toMatch(/^(2024\.11|2026\.7)\.0$/);
  });

  it.each(['README.md', 'docs/home-assistant-setup.md'])('can be imported from %s', (page) => {
    expect(text(page)).toContain(`${IMPORT}${encodeURIComponent(`${RAW}/main/${path}`)}`);
  });

  it('uses each of its inputs, and no others', () => {
    const offered = objectsIn(document.blueprint.input)
      .flatMap((each) => Object.entries(each))
      .filter(([, value]) => typeof value === 'object' && value !== null && 'selector' in value)
      .map(([name]) => name);
    const used = [...text(path).matchAll(/!input (\w+)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(offered.sort());
  });

  it('names only events and severities that there are', () => {
    const named = text(path).match(/\b(finding|host|severity|sweep|agent|events)_[a-z]+\b/g) ?? [];
    const fields = ['finding_id', 'host_id', 'host_name', 'agent_topic', 'finding_s'];
    const unknown = named.filter(
      (name) => !fields.includes(name) && !(EVENT_TYPES as readonly string[]).includes(name),
    );
    expect(unknown.filter((name) => !/_entity$/.test(name))).toEqual([]);
    const options = objectsIn(document).flatMap(({ options: list }) => (Array.isArray(list) ? list : []));
    const severities = options.filter((option) => typeof option === 'string');
    expect(severities.filter((option) => !(SEVERITIES as readonly string[]).includes(option))).toEqual([]);
  });
});

describe('homeassistant/dashboard.yaml', () => {
  const path = 'homeassistant/dashboard.yaml';

  it('shows only entities that we publish', () => {
    const shown = new Set(text(path).match(/\b[a-z_]+\.smbwarden_[a-z0-9_]+/g));
    expect(shown.size).toBeGreaterThan(12);
    expect([...shown].filter((id) => !entityIds.includes(id))).toEqual([]);
  });

  it('is made of core cards', () => {
    const cards = objectsIn(yaml(path)).flatMap(({ cards: list, card }) => [
      ...(Array.isArray(list) ? (list as { type: string }[]) : []),
      ...(card === undefined ? [] : [card as { type: string }]),
    ]);
    expect(cards.map(({ type }) => type).filter((type) => !CORE_CARDS.includes(type))).toEqual([]);
  });
});

it('the project has one public address, and every document uses it', () => {
  const documents = ['README.md', ...globSync('docs/*.md', { cwd: ROOT.pathname }), ...BLUEPRINTS];
  const addresses = documents.flatMap(
    (path) => text(path).match(/github(usercontent)?\.com\/\w+\/smbwarden/g) ?? [],
  );
  expect(new Set(addresses.map((address) => address.replace(/^.*\.com/, '')))).toEqual(
    new Set([new URL(SUPPORT_URL).pathname]),
  );
});
