/** docs/benchmarks.md: what each section measured last, between marks that only `npm run bench -- --write` writes. Pure. */

/** Everything of one section that a reader is to see, below its heading. */
export interface PageBlock {
  /** Name of the section. */
  readonly name: string;
  /** Markdown. */
  readonly body: string;
}

/** The page with this block in place of the one of that name. @throws Error when the page has no place for it. */
export function withBlock(page: string, { name, body }: PageBlock): string {
  const [begin, end] = [`<!-- measured: ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/benchmarks.md has no place for ${name}: ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n${body.trim()}\n${page.slice(to)}`;
}

/** Names of the blocks that the page has a place for, in its order. */
export function blocksIn(page: string): string[] {
  return [...page.matchAll(/^<!-- measured: (\S+) -->$/gm)].map(([, name = '']) => name);
}
