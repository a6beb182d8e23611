/** The table of agreement: what smbwarden says of each host beside what each judge says, as one sign in a cell. */

/** What a judge and smbwarden say of one fact of one host, in the same words; null: nothing. */
export interface Opinions {
  readonly ours: string | null;
  readonly theirs: string | null;
  /** What the server's own configuration says: where both differ and it bears us out, the judge is wrong. */
  readonly truth?: string | null;
}

export interface Row<Host> {
  readonly fact: string;
  readonly judge: string;
  readonly of: (host: Host) => Opinions;
  /** Why this judge is known to be wrong sometimes. */
  readonly excuse?: string;
}

export const SIGNS = {
  agrees: '=',
  silent: '·',
  'judge wrong': '!',
  'not told by smbwarden': 'o',
  differs: 'X',
} as const;
export type Sign = keyof typeof SIGNS;

export interface Cell {
  readonly fact: string;
  readonly judge: string;
  readonly host: string;
  readonly sign: Sign;
  readonly opinions: Opinions;
}

export class AgreementTable<Host extends { readonly name: string }> {
  readonly cells: readonly Cell[];
  readonly #rows: readonly Row<Host>[];
  readonly #hosts: readonly Host[];

  constructor(hosts: readonly Host[], rows: readonly Row<Host>[]) {
    this.#hosts = hosts;
    this.#rows = rows;
    this.cells = rows.flatMap(({ fact, judge, of }) =>
      hosts.map((host) => {
        const opinions = of(host);
        return { fact, judge, host: host.name, sign: compare(opinions), opinions };
      }),
    );
  }

  /** Cells with that sign, one line each. */
  list(sign: Sign): string[] {
    return this.cells
      .filter((cell) => cell.sign === sign)
      .map(({ fact, judge, host, opinions: { ours, theirs } }) => {
        return `${host}: ${fact}: smbwarden says ${ours}, ${judge} says ${theirs}`;
      });
  }

  /** For people: a row for each fact and judge, a column for each host, and below it where a judge is wrong. */
  text(): string {
    const legend = Object.entries(SIGNS).map(([sign, mark]) => `${mark} ${sign}`);
    const heads = this.#hosts.map((host, i) => `${columnName(i)} ${host.name}`);
    const lines = this.#rows.map(({ fact, judge }) => {
      const cells = this.cells.filter((cell) => cell.fact === fact && cell.judge === judge);
      const marks = cells.map(({ sign }) => SIGNS[sign].padStart(2)).join('');
      return `  ${fact.padEnd(16)} ${judge.padEnd(24)} ${marks}`;
    });
    const wrong = this.#rows
      .filter(({ excuse }) => excuse !== undefined)
      .flatMap(({ fact, judge, excuse }) => {
        const hosts = this.cells.filter(
          (c) => c.fact === fact && c.judge === judge && c.sign === 'judge wrong',
        );
        return hosts.length === 0 ? [] : [`  ! ${judge} on ${fact}: ${excuse}`];
      });
    return [
      `Agreement with the judges (${legend.join(', ')}):`,
      `  hosts: ${heads.join(', ')}`,
      `  ${'fact'.padEnd(16)} ${'judge'.padEnd(24)} ${this.#hosts.map((_, i) => columnName(i).padStart(2)).join('')}`,
      ...lines,
      ...wrong,
      `  ${this.#count('agrees')} cells agree, ${this.#count('differs')} differ, a judge is wrong in ${this.#count('judge wrong')}, silent in ${this.#count('silent')}`,
    ].join('\n');
  }

  #count(sign: Sign): number {
    return this.cells.filter((cell) => cell.sign === sign).length;
  }
}

function columnName(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + index);
}

function compare({ ours, theirs, truth }: Opinions): Sign {
  if (theirs === null) return 'silent';
  if (ours === theirs) return 'agrees';
  if (ours === null) return 'not told by smbwarden';
  return truth !== undefined && truth === ours ? 'judge wrong' : 'differs';
}
