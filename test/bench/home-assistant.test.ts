import { expect, it } from 'vitest';
import { burstsIn } from './home-assistant.ts';

const BURST = '| burst | 64 host devices | passed | 5.2 s | 785 entities present after';

it('takes from the results of test:ha how long each release took, and on what machine', () => {
  const page = `# Home Assistant

### Home Assistant 2026.11.0 (Python 3.14, Debian testing), 2026-11-22

| burst | a name | passed | 0.0 s |  |
${BURST} 4.1 s, ours: last discovery sent after 3.5 s, on a busy machine (load 2.0 for each processor) |

### Home Assistant 2026.2.3 (Python 3.13, Debian trixie), 2026-11-21

${BURST} 13.9 s, ours: last discovery sent after 2.7 s |
`;
  expect(burstsIn(page)).toEqual([
    {
      what: 'Home Assistant 2026.11.0',
      value: 4.1,
      unit: 's',
      most: 5,
      note: '785 entities, measured 2026-11-22, on a busy machine (load 2.0 for each processor)',
    },
    {
      what: 'Home Assistant 2026.2.3',
      value: 13.9,
      unit: 's',
      most: 5,
      note: '785 entities, measured 2026-11-21',
    },
  ]);
});

it('finds nothing where no run was recorded', () => {
  expect(burstsIn('## Results\n\n### Home Assistant 2026.2.3 (Python 3.13), 2026-11-21\n')).toEqual([]);
});
