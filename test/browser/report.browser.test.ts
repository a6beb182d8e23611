import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_MACHINES } from '../support/home-story.ts';
import { startBrowser } from './chromium.ts';
import { writeStoryReport } from './story-report.ts';

/** What measure.js returns. */
interface Measured {
  readonly width: number;
  /** How many elements hold text, and the size of the smallest, in pixels. */
  readonly texts: number;
  readonly smallestText: number;
  readonly words: string;
  readonly outside: readonly string[];
  readonly overlapping: readonly string[];
  readonly cut: readonly string[];
  readonly faint: readonly string[];
  readonly unnamed: readonly string[];
  readonly active: readonly string[];
  readonly astray: readonly string[];
  readonly twice: readonly string[];
}

/** The lists of a page without faults. */
const FAULTLESS = {
  outside: [],
  overlapping: [],
  cut: [],
  faint: [],
  unnamed: [],
  active: [],
  astray: [],
  twice: [],
};

const MEASURE = readFileSync(new URL('measure.js', import.meta.url), 'utf8');
const WIDTHS = [360, 768, 1280] as const;
const THEMES = ['light', 'dark'] as const;
/** A4 without its margins, at 96 pixels to the inch. */
const PAPER_WIDTH = 688;

let folder: string;
let browser: Browser;
/** The same household twice: once as it is, once with fifty quiet hosts and with attackers' names. */
let reports: Readonly<Record<'home' | 'crowd', string>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smbwarden-report-'));
  browser = await startBrowser();
  reports = {
    home: writeStoryReport(join(folder, 'home.html')),
    crowd: writeStoryReport(join(folder, 'crowd.html'), {
      quiet: 50,
      also: HOSTILE_MACHINES,
      everyMinutes: 60,
    }),
  };
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page in a window of its own, with everything that it asked for and said. */
async function open(
  address: string,
  window: { readonly width: number; readonly theme: (typeof THEMES)[number] },
): Promise<{
  readonly page: Page;
  readonly asked: string[];
  readonly said: string[];
  close(): Promise<void>;
}> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: window.width, height: 900 },
    colorScheme: window.theme,
  });
  const page = await context.newPage();
  const asked: string[] = [];
  const said: string[] = [];
  await context.route('**/*', (route) => {
    asked.push(route.request().url());
    return route.continue();
  });
  page.on('console', (message) => void said.push(message.text()));
  page.on('pageerror', (error) => void said.push(error.message));
  page.on('dialog', (dialog) => void said.push(dialog.message()));
  await page.goto(address);
  return { page, asked, said, close: () => context.close() };
}

const measured = (page: Page): Promise<Measured> => page.evaluate<Measured>(MEASURE);

describe.each(['home', 'crowd'] as const)('the report of %s', (name) => {
  const windows = WIDTHS.flatMap((width) => THEMES.map((theme) => ({ width, theme })));

  it.each(windows)('is laid out without faults at $width pixels, $theme', async ({ width, theme }) => {
    const { page, asked, said, close } = await open(reports[name], { width, theme });
    const picture = await page.screenshot({
      fullPage: true,
      path: join(folder, `${name}-${width}-${theme}.png`),
    });
    const found = await measured(page);
    expect(found).toMatchObject({ width, ...FAULTLESS });
    expect(found.smallestText).toBeGreaterThanOrEqual(11);
    expect(found.texts).toBeGreaterThan(200);
    expect(picture.length).toBeGreaterThan(50_000);
    expect({ asked, said }).toEqual({ asked: [reports[name]], said: [] });
    await close();
  });

  it('is printed light, with every timeline unfolded, within the width of the paper', async () => {
    const { page, said, close } = await open(reports[name], { width: PAPER_WIDTH, theme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const found = await measured(page);
    expect(found).toMatchObject({ width: PAPER_WIDTH, ...FAULTLESS });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const unbroken = "getComputedStyle(document.querySelector('.line')).breakInside";
    expect(await page.evaluate(unbroken)).toBe('avoid');
    const unfolded = "document.querySelector('.older:not([open]) .changes').getBoundingClientRect().height";
    expect(await page.evaluate(unfolded)).toBeGreaterThan(20);
    const pdf = await page.pdf({ format: 'A4', printBackground: true, path: join(folder, `${name}.pdf`) });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(said).toEqual([]);
    await close();
  });
});

it('forbids in its own policy what an attacker would need', async () => {
  const { page, close } = await open(reports.home, { width: 1280, theme: 'light' });
  const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
  expect(await policy.getAttribute('content')).toBe("default-src 'none'; style-src 'unsafe-inline'");
  const scriptRan = `{ const script = document.createElement('script'); script.textContent = 'globalThis.ran = true';
    document.body.append(script); globalThis.ran === true }`;
  expect(await page.evaluate(scriptRan)).toBe(false);
  await close();
});

it('finds every fault of a page that is full of them', async () => {
  const file = join(folder, 'faults.html');
  writeFileSync(file, FAULTS);
  const { page, close } = await open(pathToFileURL(file).href, { width: 360, theme: 'light' });
  const found = await measured(page);
  expect(found.width).toBeGreaterThan(360);
  for (const name of Object.keys(FAULTLESS) as (keyof typeof FAULTLESS)[])
    expect([name, found[name].length > 0]).toEqual([name, true]);
  await close();
});

/** A page with at least one fault of each kind. */
const FAULTS = `<!doctype html><body style="color:#999"><p id="a" onclick="x()">faint</p><p id="a">twice</p>
<a href="https://example.com/">astray</a><div style="width:900px">outside</div>
<svg role="img" width="200" height="40"><text x="0" y="20">one over</text><text x="9" y="20">another</text>
<svg width="20" height="40"><text x="0" y="35">too long for its bar</text></svg></svg>`;

it('shows hostile names as text', async () => {
  const { page, said, close } = await open(reports.crowd, { width: 768, theme: 'light' });
  const { words } = await measured(page);
  for (const text of ['<img src=x>', '"><script>a()', '\\x1b]0;own\\x07', '\\u202eSAN\\u2066', '{{7*7}}`%s`'])
    expect(words).toContain(text);
  expect(words).toContain('</svg><script>alert(0)</script>');
  expect(words).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(said).toEqual([]);
  await close();
});

it('folds hosts without findings away, and unfolds them by a click without any script', async () => {
  const { page, close } = await open(reports.crowd, { width: 1280, theme: 'light' });
  const quiet = page.locator('details.quiet');
  const first = quiet.locator('.host').first();
  expect(await first.isVisible()).toBe(false);
  await quiet.locator(':scope > summary').click();
  expect(await first.isVisible()).toBe(true);
  expect(await quiet.locator('.host').count()).toBe(51);
  await close();
});
