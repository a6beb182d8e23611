import { describe, expect, it } from 'vitest';
import { Gate } from '../../../agent/sweep/pace.ts';
import { Strain } from '../../../agent/sweep/strain.ts';
import { recordingLog } from '../../support/publisher-parts.ts';

const address = (i: number): string => `192.168.1.${i}`;
const SILENT = { localFaults: [], answered: false };
const ANSWERED = { localFaults: [], answered: true };

/** A gate for 64 hosts, and so many that were there, from 192.168.1.1 on. */
function strainOn(present: number) {
  const gate = new Gate(64);
  const log = recordingLog();
  const strain = new Strain(gate, log);
  strain.expect(new Set(Array.from({ length: present }, (_, i) => address(i + 1))));
  const note = (
    seen: typeof SILENT | { localFaults: string[]; answered: boolean },
    i = 1,
    hostsAtOnce = gate.width,
  ) => strain.note(address(i), seen, { usuallyAnswers: true, hostsAtOnce });
  return { gate, log, strain, note };
}

describe('trouble of this machine', () => {
  it.each(['EAGAIN', 'EMFILE', 'ENOBUFS'])(
    'by %s halves the number of hosts that are visited at once',
    (code) => {
      const { gate, log, note } = strainOn(0);
      note({ localFaults: [code], answered: false });
      expect(gate.width).toBe(32);
      expect(log.lines).toEqual(['warn fewer hosts at once from now on']);
      note({ localFaults: [code], answered: true });
      expect(gate.width).toBe(16);
    },
  );

  it('is told by many visits at once, and halves once', () => {
    const { gate, note } = strainOn(0);
    for (let i = 0; i < 50; i += 1) note({ localFaults: ['EMFILE'], answered: false }, i, 64);
    expect(gate.width).toBe(32);
  });

  it('of another kind is no matter of pressing too hard', () => {
    const { gate, note } = strainOn(0);
    note({ localFaults: ['ENETUNREACH', 'EACCES'], answered: false });
    expect(gate.width).toBe(64);
  });

  it('leaves one visit at a time at least', () => {
    const { gate, note } = strainOn(0);
    for (let i = 0; i < 12; i += 1) note({ localFaults: ['EMFILE'], answered: false });
    expect(gate.width).toBe(1);
  });
});

describe('silence of hosts that were there', () => {
  it('halves when it is of more than a tenth, and again when it is of another tenth', () => {
    const { gate, note } = strainOn(50);
    const widths = Array.from({ length: 12 }, (_, i) => {
      note(SILENT, i + 1);
      return gate.width;
    });
    expect(widths).toEqual([64, 64, 64, 64, 64, 32, 32, 32, 32, 32, 32, 16]);
  });

  it('says nothing of two hosts, of strangers, nor of those that answer', () => {
    const { gate, strain, note } = strainOn(4);
    for (const i of [1, 2]) note(SILENT, i);
    for (let i = 100; i < 120; i += 1) note(SILENT, i);
    for (const i of [1, 2, 3, 4]) note(ANSWERED, i);
    strain.note(address(3), SILENT, { usuallyAnswers: false, hostsAtOnce: 64 });
    expect(gate.width).toBe(64);
  });
});
