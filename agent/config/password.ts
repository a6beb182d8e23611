import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError } from '../config.ts';

/** Where the broker's password came from, for the log; never the password itself. */
export type PasswordSource = 'systemd credential' | 'passwordFile' | 'configuration' | 'environment';

/**
 * The broker's password, or null for none. First of: systemd credential `mqtt-password` (an empty one means none),
 * `mqtt.passwordFile`, `mqtt.password`, the environment variable SMBWARDEN_MQTT_PASSWORD (worth a warning: child
 * processes inherit it). Files are read at each call, so that a reconnect takes a changed password.
 * @throws ConfigError when the password file cannot be read, or everybody on this machine can.
 */
export function mqttPassword(
  mqtt: Pick<Config['mqtt'], 'password' | 'passwordFile'>,
  env: NodeJS.ProcessEnv,
): { readonly password: string; readonly source: PasswordSource } | null {
  const credential = systemdCredential(env.CREDENTIALS_DIRECTORY);
  if (credential !== null && credential !== '') return { password: credential, source: 'systemd credential' };
  if (mqtt.passwordFile !== null) return { password: passwordOf(mqtt.passwordFile), source: 'passwordFile' };
  if (mqtt.password !== null) return { password: mqtt.password, source: 'configuration' };
  const { SMBWARDEN_MQTT_PASSWORD: password } = env;
  return password === undefined || password === '' ? null : { password, source: 'environment' };
}

function systemdCredential(directory: string | undefined): string | null {
  if (directory === undefined) return null;
  const file = join(directory, 'mqtt-password');
  try {
    return firstLine(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new ConfigError(
      `reading the systemd credential ${file}: ${code}. Check LoadCredential= of the unit`,
    );
  }
}

const READABLE_BY_OTHERS = 0o004;

function passwordOf(file: string): string {
  try {
    if ((statSync(file).mode & READABLE_BY_OTHERS) === 0) return firstLine(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `reading mqtt.passwordFile ${file}: ${code}. The file must be there and readable by the user that runs smbwarden`,
    );
  }
  throw new ConfigError(
    `reading mqtt.passwordFile ${file}: everybody on this machine may read it. Run: chmod o-rwx ${file}`,
  );
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}
