import { toldName } from '../../domain/facts.ts';
import { type Finding, RULE_IDS, type RuleId, SEVERITIES, type Severity } from '../../domain/finding.ts';
import { type HostRecord, hostName } from '../../domain/host.ts';
import { MOMENTS_AHEAD, momentAhead } from '../../domain/moment.ts';
import { visible } from '../../domain/text.ts';
import { WHAT_IF_CHANGES, type WhatIfChange } from '../../domain/what-if.ts';
import { didYouMean } from '../config/spelling.ts';
import { MOMENTS, parseMoment } from '../render/time.ts';
import { NotFoundError, UsageError } from './context.ts';

/**
 * The one host that `text` means: an id, name, address or MAC, or the beginning of one. What matches in full wins over
 * beginnings; case does not count, nor how a MAC is punctuated.
 * @throws NotFoundError when no host matches, UsageError when several do.
 */
export function findHost(hosts: Iterable<HostRecord>, text: string): HostRecord {
  const wanted = text.trim().toLowerCase();
  const known = [...hosts].map((host) => ({ host, handles: handlesOf(host) }));
  const matching = (test: (handle: string) => boolean) =>
    known.filter(({ handles }) => handles.some(test)).map(({ host }) => host);
  const mac = wanted.replaceAll(/[-.:]/g, '');
  const exact = matching((handle) => handle === wanted || handle === `mac ${mac}`);
  if (exact.length > 0) return only(exact, text);
  const beginning =
    wanted === '' ? [] : matching((handle) => handle.startsWith(wanted) || isMacPrefix(handle, mac));
  if (beginning.length > 0) return only(beginning, text);
  const names = known.map(({ host }) => visible(hostName(host)));
  const suggestion = didYouMean(text, names) || '; "smbwarden hosts" lists those that are';
  throw new NotFoundError(`host "${text}": not known${suggestion}`);
}

function handlesOf(host: HostRecord): string[] {
  const mac = host.mac === null ? [] : [`mac ${host.mac.replaceAll(':', '')}`];
  const names = [hostName(host), toldName(host.facts) ?? ''].filter((name) => name !== '');
  const addresses = [...(host.facts.addresses ?? []), ...(host.facts['ipv6.addresses'] ?? [])];
  return [host.id, ...names, ...addresses, ...mac].map((each) => each.toLowerCase());
}

const LEAST_MAC_DIGITS = 4;

function isMacPrefix(handle: string, mac: string): boolean {
  return mac.length >= LEAST_MAC_DIGITS && /^[0-9a-f]+$/.test(mac) && handle.startsWith(`mac ${mac}`);
}

function only(candidates: readonly HostRecord[], text: string): HostRecord {
  const [first] = candidates;
  if (first !== undefined && candidates.length === 1) return first;
  const list = candidates.map((host) => `  ${hostLabel(host)}`).join('\n');
  throw new UsageError(`host "${text}": ${candidates.length} hosts match; name one of them\n${list}`);
}

function hostLabel(host: HostRecord): string {
  const parts = [hostName(host), host.facts.addresses?.join(' '), host.mac, host.id];
  return [...new Set(parts.filter((part) => part !== undefined && part !== null))].map(visible).join('  ');
}

/**
 * The one finding that `text` means, with its host: an id or the beginning of one, with or without `f_`.
 * @throws NotFoundError when no finding matches, UsageError when several do.
 */
export function findFinding(
  hosts: Iterable<HostRecord>,
  text: string,
): { readonly host: HostRecord; readonly finding: Finding } {
  const wanted = text
    .trim()
    .toLowerCase()
    .replace(/^(?!f_)/, 'f_');
  const candidates = [...hosts].flatMap((host) =>
    host.findings.filter(({ id }) => id.startsWith(wanted)).map((finding) => ({ host, finding })),
  );
  const [first] = candidates;
  if (first === undefined) {
    throw new NotFoundError(`finding "${text}": not known; "smbwarden findings --all" lists those that are`);
  }
  if (candidates.length === 1) return first;
  const list = candidates
    .map(({ host, finding }) => `  ${finding.id}  ${visible(hostName(host))}: ${finding.title}`)
    .join('\n');
  throw new UsageError(`finding "${text}": ${candidates.length} findings match; name one of them\n${list}`);
}

/**
 * The finding or the host that `text` means. What begins with `f_` is a finding; anything else a host, or, where no host
 * is called so, a finding.
 * @throws NotFoundError when nothing matches, UsageError when several do.
 */
export function findFindingOrHost(
  hosts: Iterable<HostRecord>,
  text: string,
): { readonly host: HostRecord; readonly finding: Finding } | { readonly host: HostRecord } {
  const all = [...hosts];
  if (text.trim().toLowerCase().startsWith('f_')) return findFinding(all, text);
  try {
    return { host: findHost(all, text) };
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    return ifFound(() => findFinding(all, text)) ?? raise(error);
  }
}

function ifFound<Value>(find: () => Value): Value | null {
  try {
    return find();
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

function raise(error: Error): never {
  throw error;
}

/** The rule that `text` names, in full or by an unambiguous beginning. @throws UsageError */
export function ruleNamed(text: string): RuleId {
  return named(text, RULE_IDS, 'rule');
}

/** @throws UsageError */
export function severityNamed(text: string): Severity {
  return named(text, SEVERITIES, 'severity');
}

/** The change of `explain --what-if` that `text` names. @throws UsageError */
export function whatIfNamed(text: string): WhatIfChange {
  return named(text, WHAT_IF_CHANGES, '--what-if');
}

/**
 * The one of `words` that `text` names, in full or by an unambiguous beginning, case aside. `listed` are those that a
 * message about an unknown word names.
 * @throws UsageError
 */
export function named<Word extends string>(
  text: string,
  words: readonly Word[],
  noun: string,
  listed: readonly string[] = words,
): Word {
  const wanted = text.trim().toLowerCase();
  const exact = words.find((word) => word.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const matches = words.filter((word) => wanted !== '' && word.toLowerCase().startsWith(wanted));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  throw new UsageError(
    matches.length > 1
      ? `${noun} "${text}": that can be ${matches.join(' or ')}`
      : `${noun} "${text}": unknown; known are ${listed.join(', ')}${didYouMean(wanted, words)}`,
  );
}

/** The moment that `text` means, in milliseconds UTC. @throws UsageError */
export function momentNamed(text: string, now: number): number {
  const at = parseMoment(text, now);
  if (at === null) throw new UsageError(`time "${text}": not understood. Write ${MOMENTS}`);
  return at;
}

/**
 * The span that `--since` and `--until` mean, milliseconds UTC; what is not written is not there.
 * @throws UsageError for a moment that is not understood, and where the span ends before it begins.
 */
export function spanNamed(
  { since, until }: { readonly since?: string; readonly until?: string },
  now: number,
): { readonly since?: number; readonly until?: number } {
  const span = {
    ...(since === undefined ? {} : { since: momentNamed(since, now) }),
    ...(until === undefined ? {} : { until: momentNamed(until, now) }),
  };
  if (span.since !== undefined && span.until !== undefined && span.since >= span.until) {
    throw new UsageError(`--since ${since} --until ${until}: the span ends before it begins`);
  }
  return span;
}

/** The moment at which `--until` ends something, in milliseconds UTC. @throws UsageError also where it has passed. */
export function endNamed(text: string, now: number): number {
  const at = momentAhead(text, now);
  if (at === null) throw new UsageError(`--until "${text}": not understood. Write ${MOMENTS_AHEAD}`);
  if (at <= now) throw new UsageError(`--until "${text}": that moment has passed. Write ${MOMENTS_AHEAD}`);
  return at;
}

/** A whole number of at least 1. @throws UsageError */
export function positiveNumber(text: string, option: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new UsageError(`${option} "${text}": write a whole number of at least 1`);
}
