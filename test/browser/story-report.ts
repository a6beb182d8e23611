import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { reportData } from '../../agent/commands/report.ts';
import { parseConfig } from '../../agent/config.ts';
import { reportPage } from '../../agent/render/report/page.ts';
import { openStorage } from '../../storage/storage.ts';
import { recordStory, STORY_DAYS, type StoryOptions } from '../support/home-story.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

/** Writes the report of the story, recorded by the real storage, and returns its address for a browser. */
export function writeStoryReport(file: string, options: Partial<StoryOptions> = {}): string {
  const now = () => SAMPLE_TIME;
  const { history, close } = openStorage({ file: ':memory:', mode: 'read-write', version: '1.0.0', now });
  recordStory(history, { until: SAMPLE_TIME, ...options });
  const config = parseConfig('', 'story.yaml');
  const since = SAMPLE_TIME - STORY_DAYS * 86_400_000;
  const data = reportData(history, since, { config, version: '1.0.0', vendorOf, now });
  close();
  writeFileSync(file, reportPage(data, 'Europe/Berlin'));
  return pathToFileURL(file).href;
}

const VENDORS: ReadonlyMap<string, string> = new Map([
  ['00:11:32', 'Synology Incorporated'],
  ['00:80:77', 'Brother Industries, Ltd'],
  ['00:90:a9', 'Western Digital'],
  ['3c:52:82', 'Hewlett Packard'],
  ['3c:a6:2f', 'AVM GmbH'],
  ['8c:8d:28', 'Intel Corporate'],
  ['dc:a6:32', 'Raspberry Pi Trading Ltd'],
  ['5c:aa:fd', 'Sonos, Inc.'],
]);

function vendorOf(mac: string): string | null {
  return VENDORS.get(mac.slice(0, 8)) ?? null;
}
