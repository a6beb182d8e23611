import type { SweepProgress } from '../sweep/report.ts';
import { count } from './text.ts';

const BAR_WIDTH = 24;

/** One line: a bar over the addresses asked, hosts found, and what is being waited for. */
export function progressText({ addresses, asked, hostsUp, hostsDone, stage }: SweepProgress): string {
  const share = addresses === 0 ? 1 : Math.min(1, asked / addresses);
  const full = Math.round(share * BAR_WIDTH);
  const bar = '━'.repeat(full) + '─'.repeat(BAR_WIDTH - full);
  return `${bar} ${asked}/${addresses}  ${count(hostsUp, 'host')} up, ${hostsDone} done  ${stage}`;
}
