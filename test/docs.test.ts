import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALL_COMMANDS } from '../agent/commands/all.ts';
import { shapeOf } from '../agent/commands/completion.ts';
import { buildProgram } from '../agent/commands/program.ts';
import { REFERENCE } from '../agent/config/reference.ts';
import { parseConfig, withoutSecrets } from '../agent/config.ts';
import { topicsOf } from '../agent/publish/topics.ts';
import { allAdvice, PLATFORMS } from '../domain/advice.ts';
import { RULE_IDS } from '../domain/finding.ts';
import packageJson from '../package.json' with { type: 'json' };
import { manPage } from './support/man-page.ts';
import { commandPaths, commandsPage, findingsPage } from './support/pages.ts';

const DOCS = new URL('../docs/', import.meta.url);
const page = (name: string) => new URL(name, DOCS).pathname;

const terminal = {
  out: () => {},
  err: () => {},
  write: async () => {},
  isTty: false,
  errIsTty: false,
  columns: 100,
  env: {},
  timeZone: undefined,
  version: '1.0.0',
};
const { command: program } = buildProgram(() => expect.fail('help needs no context'), terminal, ALL_COMMANDS);

describe('every command', () => {
  it('is in docs/commands.md, as its help says it', async () => {
    await expect(commandsPage(program)).toMatchFileSnapshot(page('commands.md'));
  });

  it('is in docs/smbwarden.1, the man page', async () => {
    await expect(manPage(shapeOf(program), packageJson.version)).toMatchFileSnapshot(page('smbwarden.1'));
  });

  it.each(commandPaths(program))('has a description and an example: $path', ({ command }) => {
    expect(command.description()).not.toBe('');
    expect(commandsPage(program)).toMatch(new RegExp(`Examples?:\\n(.*\\n)*  .*\\b${command.name()}\\b`));
  });
});

describe('every configuration key', () => {
  it('is in docs/config.reference.yaml, which is what "config init" writes', async () => {
    await expect(REFERENCE).toMatchFileSnapshot(page('config.reference.yaml'));
  });

  it('of the schema is in the reference, and the other way round', () => {
    expect(keysOf(parse(REFERENCE))).toEqual(keysOf(withoutSecrets(parseConfig('', 'x'))));
  });

  it('has a comment right above it, or above the keys it stands with', () => {
    const paragraphs = REFERENCE.split('\n\n');
    expect(paragraphs.filter((paragraph) => !paragraph.startsWith('#'))).toEqual([]);
  });
});

describe('every rule', () => {
  it('is in docs/findings.md, as "explain" shows it', async () => {
    await expect(findingsPage(allAdvice())).toMatchFileSnapshot(page('findings.md'));
  });

  it.each(RULE_IDS)('%s has a fix for each platform it can concern, and a way to verify', (rule) => {
    const advice = allAdvice().find((each) => each.rule === rule)!;
    const platforms = advice.fixes.map(({ platform }) => platform);
    expect(new Set(platforms).size).toBe(platforms.length);
    const others = PLATFORMS.filter((platform) => platform !== 'This machine');
    const runWindows = others.filter((platform) => /Windows|Printers/.test(platform));
    if (rule === 'agent-host-exposed' || rule === 'expectation-violated')
      expect(platforms).toContain('This machine');
    else if (['smbghost-indicator', 'os-end-of-life', 'ms17-010-unpatched'].includes(rule))
      expect(platforms).toEqual(runWindows);
    else expect(platforms).toEqual(others);
    expect(advice.verify.length).toBeGreaterThan(0);
  });
});

describe('every MQTT topic', () => {
  it.each(topicTemplates())('is in docs/mqtt.md: %s', (template) => {
    expect(readFileSync(page('mqtt.md'), 'utf8')).toContain(template);
  });
});

/** `{base}/{agent}/state` for every topic that is published or subscribed to by name; filters are not topics. */
function topicTemplates(): string[] {
  const ids = { host: 'h0', finding: 'f_0', agent: 'a0' };
  const topics = topicsOf({
    baseTopic: 'BASE',
    discoveryPrefix: 'homeassistant',
    statusTopic: 'homeassistant/status',
    agentId: ids.agent,
  });
  return Object.entries(topics)
    .filter(([name]) => !name.endsWith('Filter') && name !== 'commands')
    .map(([name, topic]: [string, string | ((id: string) => string)]) =>
      typeof topic === 'string' ? topic : topic(name.startsWith('host') ? ids.host : ids.finding),
    )
    .map((topic) =>
      topic
        .replace('BASE', '{base}')
        .replace(ids.agent, '{agent}')
        .replace(ids.host, '{host}')
        .replace(ids.finding, '{finding}'),
    );
}

/** Paths of all keys, `mqtt.homeAssistant.hosts`, sorted. */
function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value)
    .flatMap(([key, member]) => keysOf(member, path === '' ? key : `${path}.${key}`))
    .sort();
}
