import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { endpointOf, readCredentials } from '../../../agent/publish/endpoint.ts';
import { sampleMqtt } from '../../support/publisher-parts.ts';

describe('a broker URL', () => {
  test.each([
    ['mqtt://192.168.1.5:1883', { protocol: 'mqtt', host: '192.168.1.5', port: 1883 }],
    ['mqtts://broker.lan', { protocol: 'mqtts', host: 'broker.lan' }],
    ['mqtt://[fd00::5]:1883', { protocol: 'mqtt', host: 'fd00::5', port: 1883 }],
    ['wss://broker.lan/mqtt?a=b', { protocol: 'wss', host: 'broker.lan', path: '/mqtt?a=b' }],
  ])('is taken apart: %s', (url, parts) => {
    expect(endpointOf(url)).toEqual({ hostname: parts.host, ...parts });
  });

  test.each(['http://broker.lan', 'broker.lan', ''])('that is none is refused: %j', (url) => {
    expect(() => endpointOf(url)).toThrow(TypeError);
  });
});

describe('credentials', () => {
  test('are read anew each time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'smbwarden-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const ca = join(folder, 'ca.pem');
    let password = 'old';
    const mqtt = sampleMqtt({ username: 'warden', password: () => password, ca });
    writeFileSync(ca, 'old certificate');
    expect(readCredentials(mqtt)).toEqual({
      username: 'warden',
      password: 'old',
      ca: Buffer.from('old certificate'),
    });
    password = 'new';
    writeFileSync(ca, 'new certificate');
    expect(readCredentials(mqtt)).toMatchObject({ password: 'new', ca: Buffer.from('new certificate') });
  });

  test('that cannot be read are an error', () => {
    expect(() => readCredentials(sampleMqtt({ key: '/nonexistent/key.pem' }))).toThrow(/ENOENT/);
  });
});
