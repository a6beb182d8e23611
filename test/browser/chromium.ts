import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian puts it. Playwright's own browsers are not downloaded: the one that the distribution mends will do. */
const CHROMIUM = '/usr/bin/chromium';

/** What keeps the browser tests from being run here, one sentence each; empty: nothing does. */
export function missingForBrowser(): string[] {
  return existsSync(CHROMIUM) ? [] : ['missing packages: apt-get install chromium fonts-dejavu-core'];
}

/** The sentence to print where there is no browser. */
export function browserNotRun(missing: readonly string[]): string {
  return `The browser tests were NOT run: ${missing.join('; ')}`;
}

/** A browser without a window. Its sandbox refuses root, and the pages are our own. The caller closes it. */
export function startBrowser(): Promise<Browser> {
  const args = ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  return chromium.launch({ executablePath: CHROMIUM, args });
}
