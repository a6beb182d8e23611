import { expect, it } from 'vitest';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';

it('keeps a setting until it is changed or taken back', () => {
  const file = temporaryFile();
  const { settings } = openTestStorage({ file });
  expect(settings.get('sweep_interval')).toBeNull();
  settings.set('sweep_interval', '15');
  settings.set('sweep_interval', '30');
  expect(openTestStorage({ file, mode: 'read-only' }).settings.get('sweep_interval')).toBe('30');
  expect(settings.get('alert_threshold')).toBeNull();
  settings.set('sweep_interval', null);
  expect(settings.get('sweep_interval')).toBeNull();
});
