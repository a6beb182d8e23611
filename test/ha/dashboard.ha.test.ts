/**
 * The dashboard of homeassistant/, and the pages that Home Assistant makes of our devices, in a real browser. With
 * PICTURES=1 their pictures go to docs/images.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startBrowser } from '../browser/chromium.ts';
import { castOf } from '../lab/hosts.ts';
import { RELEASES } from './environment.ts';
import { Home } from './home.ts';
import { chosenRelease } from './missing.ts';

const DASHBOARD = fileURLToPath(new URL('../../homeassistant/dashboard.yaml', import.meta.url));
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const TAKES_PICTURES = process.env.PICTURES === '1';
const LARGEST_PICTURE = 250_000;
/** In configuration.yaml, as docs/home-assistant-setup.md says it. */
const LOVELACE = `
lovelace:
  dashboards:
    smbwarden-exposure: { mode: yaml, title: smbwarden, icon: "mdi:shield-search", filename: smbwarden.yaml }
`;
const SLOW = { timeout: 30_000, interval: 200 };

let home: Home;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  home = await Home.open(castOf('broker', 'nas', 'legacy', 'modern', 'signed', 'escapes', 'ancient'));
  const { homeAssistant } = home;
  await homeAssistant.write('smbwarden.yaml', readFileSync(DASHBOARD, 'utf8'));
  const configuration = await readFile(join(homeAssistant.folder, 'configuration.yaml'), 'utf8');
  await homeAssistant.write('configuration.yaml', configuration + LOVELACE);
  await homeAssistant.restart();
  await home.allAvailable();
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
  await page.addInitScript(`localStorage.setItem('hassTokens', ${JSON.stringify(JSON.stringify(tokens()))})`);
});
afterAll(async () => {
  await browser?.close();
  await home?.close();
});

/** As the frontend keeps them after a login. */
function tokens(): object {
  const { url, token } = home.homeAssistant;
  const year = 365 * 86_400;
  return {
    access_token: token,
    token_type: 'Bearer',
    refresh_token: '',
    expires_in: year,
    expires: Date.now() + year * 1_000,
    hassUrl: url,
    clientId: `${url}/`,
  };
}

async function show(path: string, text: string): Promise<void> {
  await page.goto(`${home.homeAssistant.url}${path}`);
  await page.getByText(text).first().waitFor({ timeout: 30_000 });
  // Cards draw themselves one after the other.
  await page.waitForTimeout(4_000);
}

async function picture(name: string): Promise<void> {
  if (!TAKES_PICTURES) return;
  const bytes = await page.screenshot();
  expect(bytes.length).toBeLessThan(LARGEST_PICTURE);
  await mkdir(IMAGES, { recursive: true });
  await writeFile(join(IMAGES, `${name}.png`), bytes);
}

test('the dashboard is read from its file', async () => {
  const config = await home.homeAssistant.socket.ask<{ title: string; views: unknown[] }>('lovelace/config', {
    url_path: 'smbwarden-exposure',
  });
  expect(config).toMatchObject({ title: 'smbwarden' });
  expect(config.views).toHaveLength(1);
});

// The pages of an older release wait for parts of it that the lab does not install.
describe.runIf(chosenRelease() === RELEASES[0])('in a browser', () => {
  test('the dashboard is drawn without an error, by core cards only', async () => {
    await show('/smbwarden-exposure/exposure', 'Open findings');
    expect(await page.locator('hui-error-card, hui-warning').count()).toBe(0);
    const listed = await page.locator('ha-markdown-element table tr').count();
    const entity = await home.homeAssistant.entity('sensor.smbwarden_open_findings');
    expect(entity?.attributes.findings).toHaveLength(listed - 1);
    await picture('home-assistant-dashboard');
  });

  test('its list shows hostile names as they are: nothing of them becomes markup', async () => {
    await show('/smbwarden-exposure/exposure', 'Open findings');
    const cells = page.locator('ha-markdown-element td code');
    expect(await cells.count()).toBeGreaterThan(0);
    expect(await page.locator('ha-markdown-element td a, ha-markdown-element td b').count()).toBe(0);
  });

  test('the page of the agent and that of a host show their entities', async () => {
    const agent = await home.device(null);
    await show(`/config/devices/device/${agent?.id}`, 'Security event');
    await picture('home-assistant-agent');
    const legacy = (await home.homeAssistant.devices()).find(({ name }) => name === 'NASLEGACY');
    await show(`/config/devices/device/${legacy?.id}`, 'SMB signing not enforced');
    expect(await page.getByText('Check now').count()).toBeGreaterThan(0);
    await picture('home-assistant-host');
  });

  test('an alert of the blueprint is a notification in Home Assistant', async () => {
    const { homeAssistant } = home;
    const blueprints = fileURLToPath(new URL('../../homeassistant/blueprints', import.meta.url));
    await homeAssistant.copy(blueprints, 'blueprints');
    const input = {
      event_entity: 'event.smbwarden_security_event',
      notify_action: 'notify.persistent_notification',
      severities: ['high', 'critical'],
    };
    const automation = {
      id: 'alert',
      alias: 'Alert',
      use_blueprint: { path: 'smbwarden/finding-alert.yaml', input },
    };
    await homeAssistant.write('automations.yaml', JSON.stringify([automation]));
    await homeAssistant.rest('POST', 'services/automation/reload', {});
    await vi.waitFor(async () => expect(await homeAssistant.state('automation.alert')).toBe('on'), SLOW);
    const { findings } = await home.program.json<{ findings: { id: string; severity: string }[] }>(
      'findings',
    );
    const high = findings.find(({ severity }) => severity === 'high');
    await home.program.run('ack', high?.id ?? '');
    await home.program.run('unack', high?.id ?? '');
    const told = async () =>
      homeAssistant.socket.ask<{ title: string | null }[]>('persistent_notification/get');
    await vi.waitFor(
      async () =>
        expect((await told()).map(({ title }) => title)).toContainEqual(expect.stringMatching(/^High: /)),
      SLOW,
    );
    await page.goto(`${homeAssistant.url}/smbwarden-exposure/exposure`);
    await page.locator('ha-sidebar').getByText('Notifications').click();
    await page.locator('notification-drawer').getByText('High: ').first().waitFor({ timeout: 30_000 });
    await page.waitForTimeout(1_000);
    await picture('home-assistant-notification');
  });
});
