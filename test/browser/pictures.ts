/** `npm run pictures`: takes the pictures of the report that the documentation shows, into docs/images. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBrowser } from './chromium.ts';
import { writeStoryReport } from './story-report.ts';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Each a part of the page as a window shows it, from `at` on. */
const PICTURES = [
  { name: 'report-top', at: 'header', theme: 'light', width: 1280, height: 940, margin: 60 },
  { name: 'report-hosts', at: '#host-h001132aabbcc', theme: 'dark', width: 1280, height: 720, margin: 60 },
  { name: 'report-phone', at: 'header', theme: 'dark', width: 390, height: 844, margin: 30 },
  {
    name: 'report-phone-host',
    at: '#host-h3c5282010203',
    theme: 'light',
    width: 390,
    height: 844,
    margin: 30,
  },
] as const;

mkdirSync(IMAGES, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'smbwarden-pictures-'));
const browser = await startBrowser();
try {
  const address = writeStoryReport(join(folder, 'report.html'));
  for (const { name, at, theme, width, height, margin } of PICTURES) {
    const deviceScaleFactor = width < 500 ? 2 : 1.5;
    const page = await browser.newPage({
      viewport: { width, height },
      colorScheme: theme,
      deviceScaleFactor,
    });
    await page.goto(address);
    await page.evaluate(
      `window.scrollTo(0, document.querySelector('${at}').getBoundingClientRect().top - ${margin})`,
    );
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
