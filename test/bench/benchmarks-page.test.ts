import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { blocksIn, withBlock } from './benchmarks-page.ts';

const PAGE = `# Measured

<!-- measured: sweep -->
old
<!-- end of sweep -->

Words.

<!-- measured: year -->
<!-- end of year -->
`;

it('exchanges what was measured, and leaves the words around it', () => {
  const page = withBlock(PAGE, { name: 'sweep', body: '| new |\n' });
  expect(page).toBe(PAGE.replace('old', '| new |'));
  expect(withBlock(page, { name: 'sweep', body: 'old' })).toBe(PAGE);
  expect(withBlock(PAGE, { name: 'year', body: 'a' })).toContain(
    '<!-- measured: year -->\na\n<!-- end of year -->',
  );
});

it('refuses a section that the page has no place for', () => {
  expect(() => withBlock(PAGE, { name: 'growth', body: '' })).toThrow('no place for growth');
});

it('finds a place for every section in docs/benchmarks.md', async () => {
  const page = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
  const { SECTIONS } = await import('./sections.ts');
  expect(blocksIn(page)).toEqual(expect.arrayContaining(['machine', ...SECTIONS.map(({ name }) => name)]));
});
