import { type DayWindow, parseDayWindow, windowEnd } from '../../domain/day-window.ts';
import type { Config } from '../config.ts';

/** When quiet hours end that count at `at`; null: none count. Both are milliseconds UTC. */
export function quietUntil({ quietHours }: Pick<Config, 'quietHours'>, at: number): number | null {
  return windowEnd(windowsOf(quietHours), at);
}

/** When maintenance ends that counts at `at`; null: none counts. Both are milliseconds UTC. */
export function maintenanceUntil({ maintenance }: Pick<Config, 'maintenance'>, at: number): number | null {
  return windowEnd(windowsOf(maintenance), at);
}

/** The schema let only windows pass. */
function windowsOf(texts: readonly string[]): DayWindow[] {
  return texts.map(parseDayWindow).filter((window) => window !== null);
}
