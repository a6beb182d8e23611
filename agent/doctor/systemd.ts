import type { Unit } from './doctor-world.ts';

/** What `systemctl show` is asked for. */
export const UNIT_PROPERTIES = [
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'Result',
  'NRestarts',
  'WatchdogUSec',
  'MainPID',
  'NeedDaemonReload',
  'IPAddressAllow',
  'IPAddressDeny',
];

/** What `systemctl show` says of the unit, as lines `Name=value` in any order; what is not there counts as empty. */
export function parseUnit(shown: string): Unit {
  const values = new Map(
    shown.split('\n').map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=').trim()] as const;
    }),
  );
  const text = (name: string) => values.get(name) ?? '';
  const cidrs = (name: string) => text(name).split(/\s+/).filter(Boolean);
  return {
    loadState: text('LoadState'),
    activeState: text('ActiveState'),
    fileState: text('UnitFileState'),
    outcome: text('Result'),
    restarts: Number(text('NRestarts')) || 0,
    watchdogMs: spanMs(text('WatchdogUSec')),
    mainPid: Number(text('MainPID')) || 0,
    needsReload: text('NeedDaemonReload') === 'yes',
    allowed: cidrs('IPAddressAllow'),
    denied: cidrs('IPAddressDeny'),
  };
}

const SPANS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** A span as systemd prints it: `30s`, `1min 30s`; 0 for `0` and `infinity`. */
function spanMs(text: string): number {
  const parts = text.matchAll(/(\d+)(ms|s|min|h)\b/g);
  return [...parts].reduce((sum, [, number, unit = '']) => sum + Number(number) * (SPANS[unit] ?? 0), 0);
}
