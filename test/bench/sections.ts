import { cpuSection } from './cpu.ts';
import { growthSection } from './growth.ts';
import { homeAssistantSection } from './home-assistant.ts';
import { largeSection } from './large.ts';
import { memorySection } from './memory.ts';
import { postureSection } from './posture.ts';
import type { Section } from './section.ts';
import { stagesSection } from './stages.ts';
import { stopwatchSection } from './stopwatch.ts';
import { sweepSection } from './sweep.ts';
import { unchangedSection } from './unchanged.ts';
import { yearSection } from './year.ts';

/** Everything that is measured, in the order in which it is. docs/benchmarks.md has a place for each. */
export const SECTIONS: readonly Section[] = [
  sweepSection,
  stagesSection,
  postureSection,
  stopwatchSection,
  unchangedSection,
  yearSection,
  memorySection,
  cpuSection,
  homeAssistantSection,
  growthSection,
  largeSection,
];
