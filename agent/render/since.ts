import type { Aspect, AspectValue } from '../../domain/aspect.ts';
import { type HostRecord, hostName } from '../../domain/host.ts';
import type { Run } from '../../domain/runs.ts';
import { visible } from '../../domain/text.ts';
import { paint, type View, wrap } from './text.ts';
import { isoTime, localTime, relativeTime } from './time.ts';

/** What `since HOST WHAT` found. */
export interface SinceAnswer {
  readonly host: HostRecord;
  readonly asked: Pick<Aspect, 'name' | 'label' | 'verb' | 'inWords'>;
  /** Every value it ever had, oldest first; empty: none. */
  readonly runs: readonly Run<AspectValue>[];
  /** What the judgement about it rests on; a stranger's words may be in it. */
  readonly evidence: readonly string[];
}

const MOST_COLUMNS = 100;
const INDENT = ' '.repeat(11);

/** One sentence, the evidence, and what was before, newest first. */
export function sinceText({ host, asked, runs, evidence }: SinceAnswer, view: View): string {
  const width = Math.min(view.width, MOST_COLUMNS);
  const { label, verb, inWords } = asked;
  const who = paint(visible(hostName(host)), ['bold'], view);
  const now = runs.at(-1);
  if (now === undefined) return `${who}: ${label} never was so`;
  const isKnown = now.until === null;
  const words = isKnown ? inWords(now.value) : 'no longer known';
  const since = now.until ?? now.since;
  const isFirst = isKnown && runs.length === 1 && since <= host.firstSeenAt;
  const when = `${localTime(since, view)} (${relativeTime(since, view.now)})`;
  const earlier = (isKnown ? runs.slice(0, -1) : runs).toReversed();
  return [
    `${who}: ${label} ${verb} ${words} since ${isFirst ? `it was first seen, ${when}` : when}`,
    ...evidence.map((each, index) => noted(index === 0 ? 'evidence' : '', visible(each), width, view)),
    ...earlier.map((run, index) => {
      const span = `from ${localTime(run.since, view)} to ${localTime(run.until ?? since, view)}`;
      return noted(index === 0 ? 'before' : '', `${inWords(run.value)}, ${span}`, width, view);
    }),
  ].join('\n');
}

function noted(label: string, words: string, width: number, view: View): string {
  return `  ${paint(label.padEnd(INDENT.length - 2), ['dim'], view)}${wrap(words, width, INDENT).slice(INDENT.length)}`;
}

/** `since --json`: `value` is "unknown" where it is not known any more, null where it never was; `before` newest first. */
export function sinceJson({ host, asked, runs }: SinceAnswer): object {
  const now = runs.at(-1);
  const isKnown = now?.until === null;
  const since = now === undefined ? null : isoTime(now.until ?? now.since);
  return {
    schema: 1,
    hostId: host.id,
    what: asked.name,
    value: now === undefined ? null : isKnown ? now.value : 'unknown',
    since,
    before: (isKnown ? runs.slice(0, -1) : runs)
      .map((run) => ({
        value: run.value,
        since: isoTime(run.since),
        until: run.until === null ? null : isoTime(run.until),
      }))
      .reverse(),
  };
}
