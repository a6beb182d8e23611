import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REFERENCE, starterText } from '../../agent/config/reference.ts';
import { ConfigError, configText, loadConfig, parseConfig } from '../../agent/config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const INVALID = new URL('../fixtures/config-invalid/', import.meta.url);

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return expect.fail('the configuration was accepted');
}

describe('a correct configuration', () => {
  it('is all defaults when the file is empty', () => {
    expect(parseConfig('', 'x')).toMatchObject({
      targets: null,
      sweepInterval: 15,
      levels: { deepest: 'L4', smb1Check: true, smb1Every: 86_400_000 },
      ports: { map: { smb: 445 } },
      mqtt: { url: null, baseTopic: 'smbwarden' },
    });
  });

  it('is the same from the reference as from an empty file', () => {
    expect(parseConfig(REFERENCE, 'x')).toEqual(parseConfig('', 'x'));
  });

  it('is the same from the starter file, in which every key is commented out', () => {
    expect(parseConfig(starterText(), 'x')).toEqual(parseConfig('', 'x'));
    expect(starterText()).not.toMatch(/^[^#\n ]/m);
  });

  it('takes a key without a value for its default, at every depth', () => {
    const config = parseConfig('targets:\nmqtt:\n  url:\n  homeAssistant:\nlog:\n', 'x');
    expect(config).toEqual(parseConfig('', 'x'));
  });

  it('keeps the other keys of a group when one is set', () => {
    const { levels, mqtt } = parseConfig(
      'levels: { smb1Every: 12h }\nmqtt: { homeAssistant: { maxDevices: 5 } }',
      'x',
    );
    expect(levels).toEqual({
      deepest: 'L4',
      smb1Check: true,
      smb1Every: 43_200_000,
      guestTest: false,
      ms17010: false,
    });
    expect(mqtt.homeAssistant).toEqual({ hosts: 'exposed', maxDevices: 5, connections: true });
    expect(mqtt.keepalive).toBe(60);
  });

  it('allows many addresses when they are forced', () => {
    expect(parseConfig('targets: [10.0.0.0/8]\nforce: true', 'x').targets).toEqual(['10.0.0.0/8']);
  });

  it('says of hosts what the owner writes, by whatever they are known', () => {
    const { hosts } = parseConfig(
      'hosts:\n  NAS: { name: Attic NAS, letSleep: { timesADay: 2, between: "19:00-23:00" } }\n' +
        '  00:11:32:aa:bb:cc: { levels: L1, letSleep: true }\n  192.168.1.7:\n    note: scanner\n  empty:\n',
      'x',
    );
    expect(hosts).toMatchObject({
      NAS: {
        name: 'Attic NAS',
        note: null,
        letSleep: { timesADay: 2, between: '19:00-23:00' },
        levels: null,
      },
      '00:11:32:aa:bb:cc': { name: null, letSleep: true, levels: 'L1' },
      '192.168.1.7': { note: 'scanner', letSleep: false },
    });
    expect(Object.keys(hosts)).toHaveLength(3);
  });

  it('reads back from its own text with what it says of hosts', () => {
    const config = parseConfig('hosts: { NAS: { letSleep: { timesADay: 1, between: "19:00-23:00" } } }', 'x');
    expect(parseConfig(configText(config), 'y')).toEqual(config);
  });

  it('asks the scheduler whether a cron pattern is one', () => {
    const patterns: string[] = [];
    const isCronPattern = (pattern: string) => patterns.push(pattern) > 1;
    expect(messageOf(() => parseConfig('schedule: "99 3 * * *"', 'x', isCronPattern))).toContain(
      '"99 3 * * *" is not a cron pattern',
    );
    expect(parseConfig('schedule: "30 3 * * *"', 'x', isCronPattern).schedule).toBe('30 3 * * *');
  });

  it('is shown with durations as they are written and the password hidden', () => {
    const text = configText(
      parseConfig('mqtt: { password: canary-secret }\nlevels: { smb1Every: 36h }', 'x'),
    );
    expect(text).toContain('smb1Every: 36h');
    expect(text).toContain('password: "***"');
    expect(text).not.toContain('canary-secret');
  });
});

describe('a wrong configuration', () => {
  const names = readdirSync(INVALID).filter((name) => name.endsWith('.yaml'));

  it.each(names)('is refused with the message beside it: %s', async (name) => {
    const yaml = readFileSync(new URL(name, INVALID), 'utf8');
    const message = messageOf(() => parseConfig(yaml, name));
    await expect(`${message}\n`).toMatchFileSnapshot(
      new URL(name.replace('.yaml', '.txt'), INVALID).pathname,
    );
  });

  it('says every mistake at once, each with its line and path, in the order of the file', () => {
    const yaml = 'pace: brisk\nmqtt:\n  keepAlive: 60\n  keepalive: 1\nfoo: 1\nports:\n  extra: [22, 9100]\n';
    try {
      parseConfig(yaml, 'x');
      expect.fail('the configuration was accepted');
    } catch (error) {
      expect((error as ConfigError).mistakes.map(({ line, path }) => [line, path])).toEqual([
        [1, 'pace'],
        [3, 'mqtt.keepAlive'],
        [4, 'mqtt.keepalive'],
        [5, 'foo'],
        [7, 'ports.extra[1]'],
      ]);
    }
  });

  it('never repeats a password, wherever it was written', () => {
    const yaml = 'mqtt: { password: 48151623, url: "mqtt://me:canary-secret@host" }';
    const message = messageOf(() => parseConfig(yaml, 'x'));
    expect(message).not.toMatch(/48151623|canary-secret/);
  });

  it('makes escape sequences visible', () => {
    expect(messageOf(() => parseConfig('pace: "\\e[2J"', 'x'))).toContain('\\u001b[2J');
  });
});

describe('the configuration file', () => {
  it('may be missing at the usual place only', () => {
    const file = join(temporaryDirectory(), 'none.yaml');
    expect(messageOf(() => loadConfig({ file }))).toMatch(`reading the configuration ${file}: ENOENT.`);
  });

  it('is named in the error when it cannot be read', () => {
    const file = temporaryDirectory();
    expect(messageOf(() => loadConfig({ file }))).toMatch(/EISDIR\. That is a directory/);
  });

  it('is read, and said to be the source', () => {
    const file = join(temporaryDirectory(), 'config.yaml');
    writeFileSync(file, 'pace: gentle\n');
    expect(loadConfig({ file })).toMatchObject({ file, config: { pace: 'gentle' } });
  });
});
