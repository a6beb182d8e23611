import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Measured, Section } from './section.ts';

/** Where `npm run test:ha` writes what it has measured. */
const RESULTS = fileURLToPath(new URL('../../docs/home-assistant.md', import.meta.url));
const MOST_SECONDS = 5;

/** From broker connect to all entities of 64 hosts. Home Assistant is large, so that its own tests measure this. */
export const homeAssistantSection: Section = {
  name: 'home-assistant',
  about:
    'from the connection to the broker until every entity of 64 hosts is there, by the last `npm run test:ha`',
  missing: async () =>
    burstsIn(readFileSync(RESULTS, 'utf8')).length === 0
      ? ['docs/home-assistant.md holds no result: npm run test:ha (root, 3 GB, twenty minutes)']
      : [],
  run: async () => burstsIn(readFileSync(RESULTS, 'utf8')),
};

/** What the page tells of each release, in its order. Pure. */
export function burstsIn(page: string): Measured[] {
  return page
    .split(/^### /m)
    .slice(1)
    .flatMap((release): Measured[] => {
      const [, what = '', date = ''] = /^(Home Assistant \S+) .*, (\d{4}-\d{2}-\d{2})$/m.exec(release) ?? [];
      const measured = /(\d+) entities present after ([\d.]+) s(?:.*?(on a busy machine \([^)]*\)))?/.exec(
        release,
      );
      if (measured === null) return [];
      const [, entities, seconds, busy] = measured;
      const note = [`${entities} entities`, `measured ${date}`, ...(busy === undefined ? [] : [busy])].join(
        ', ',
      );
      return [{ what, value: Number(seconds), unit: 's', most: MOST_SECONDS, note }];
    });
}
