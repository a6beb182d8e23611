import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mqttPassword } from '../../../agent/config/password.ts';
import { ConfigError } from '../../../agent/config.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NOTHING = { password: null, passwordFile: null };

function fileWith(text: string, mode = 0o600, name = 'mqtt-password'): { directory: string; file: string } {
  const directory = temporaryDirectory();
  const file = join(directory, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return { directory, file };
}

describe('the password of the broker', () => {
  it('is none when nobody gives one', () => {
    expect(mqttPassword(NOTHING, {})).toBeNull();
  });

  it('comes from the systemd credential before anything else', () => {
    const { directory } = fileWith('from-credential\n', 0o400);
    const { file: passwordFile } = fileWith('from-file');
    expect(mqttPassword({ ...NOTHING, passwordFile }, { CREDENTIALS_DIRECTORY: directory })).toEqual({
      password: 'from-credential',
      source: 'systemd credential',
    });
  });

  it('is not the systemd credential when that is empty, as the installer leaves it', () => {
    const { directory } = fileWith('');
    const env = { CREDENTIALS_DIRECTORY: directory, SMBWARDEN_MQTT_PASSWORD: 'from-environment' };
    expect(mqttPassword(NOTHING, env)?.source).toBe('environment');
  });

  it('comes from the file before the configuration, and from that before the environment', () => {
    const { file: passwordFile } = fileWith('from-file\n');
    const env = { SMBWARDEN_MQTT_PASSWORD: 'from-environment' };
    expect(mqttPassword({ password: 'p', passwordFile }, env)?.password).toBe('from-file');
    expect(mqttPassword({ password: 'p', passwordFile: null }, env)?.password).toBe('p');
  });

  it('is read again at each call', () => {
    const { file: passwordFile } = fileWith('old');
    const given = { ...NOTHING, passwordFile };
    expect(mqttPassword(given, {})?.password).toBe('old');
    writeFileSync(passwordFile, 'new');
    expect(mqttPassword(given, {})?.password).toBe('new');
  });

  it('is refused from a file that everybody may read, without being repeated', () => {
    const { file: passwordFile } = fileWith('canary-secret', 0o644);
    const read = () => mqttPassword({ ...NOTHING, passwordFile }, {});
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`chmod o-rwx ${passwordFile}`);
    expect(read).not.toThrow('canary-secret');
  });

  it('says which file is missing', () => {
    const passwordFile = join(temporaryDirectory(), 'none');
    expect(() => mqttPassword({ ...NOTHING, passwordFile }, {})).toThrow(`${passwordFile}: ENOENT`);
  });
});
