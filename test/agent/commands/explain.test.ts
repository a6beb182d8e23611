import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';

describe('explain --what-if', () => {
  it('judges every host of the history', async () => {
    const { status, out, err } = await runCommand(['explain', '--what-if', 'signing-required', '--json']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const { schema, change, hosts } = JSON.parse(out) as { schema: 1; change: string; hosts: object[] };
    expect({ schema, change }).toEqual({ schema: 1, change: 'signing-required' });
    expect(hosts).toContainEqual({
      id: 'h001132aabbcc',
      name: 'NASLEGACY',
      address: '192.168.1.21',
      verdict: 'works',
      why: null,
    });
  });

  it('takes the beginning of a change', async () => {
    const { status, out } = await runCommand(['explain', '--what-if', 'enc']);
    expect(status).toBe(0);
    expect(out).toContain('What if SMB encryption is required?');
  });

  it.each([
    [['explain', '--what-if', 'smb2-off'], '--what-if "smb2-off": unknown; known are smb1-off'],
    [['explain', 'smb1-only', '--what-if', 'smb1-off'], 'name a rule or a change, not both'],
    [['explain', '--what-if'], 'argument missing'],
  ])('exits 2 for %j', async (args, message) => {
    expect(await runCommand(args)).toEqual({
      status: 2,
      out: '',
      err: expect.stringContaining(message) as unknown,
    });
  });

  it('needs a history, and says how to get one', async () => {
    const storage = () => {
      throw Object.assign(new Error('no database'), { code: 'missing' });
    };
    const { status, err } = await runCommand(['explain', '--what-if', 'smb1-off'], { storage });
    expect(status).toBe(1);
    expect(err).toContain('Run "smbwarden sweep" first');
    expect(await runCommand(['explain', 'smb1-only'], { storage })).toMatchObject({ status: 0 });
  });
});
