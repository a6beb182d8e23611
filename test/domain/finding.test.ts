import { expect, it } from 'vitest';
import { compareSeverity, countBySeverity, SEVERITIES, worst } from '../../domain/finding.ts';
import { sampleFinding } from '../support/samples.ts';

it('orders severities from info to critical', () => {
  expect([...SEVERITIES].reverse().sort(compareSeverity)).toEqual([
    'info',
    'low',
    'medium',
    'high',
    'critical',
  ]);
  expect(compareSeverity('high', 'high')).toBe(0);
});

it('finds the worst severity, and none where there is none', () => {
  expect(worst(['low', 'high', 'medium', 'high'])).toBe('high');
  expect(worst(['info'])).toBe('info');
  expect(worst([])).toBeNull();
});

it('counts acknowledged findings with the open ones, and resolved ones not at all', () => {
  const findings = [
    sampleFinding({ severity: 'high' }),
    sampleFinding({ severity: 'high', state: 'acknowledged' }),
    sampleFinding({ severity: 'critical', state: 'resolved' }),
    sampleFinding({ severity: 'low' }),
  ];
  expect(countBySeverity(findings)).toEqual({ critical: 0, high: 2, medium: 0, low: 1, info: 0 });
});
