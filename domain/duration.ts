const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds of `90s`, `15m`, `12h`, `7d` or `2w`; null for any other text. Whole numbers only. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,6})\s*([smhdw])$/.exec(text.trim());
  return match === null ? null : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** The shortest exact text for a number of milliseconds that `parseDuration` reads: `1d`, `36h`, `90s`. */
export function durationText(milliseconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((each) => milliseconds % UNITS[each] === 0) ?? 's';
  return `${milliseconds / UNITS[unit]}${unit}`;
}
