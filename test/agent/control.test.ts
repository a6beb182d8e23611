import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  askControl,
  ControlError,
  type ControlHandler,
  ControlTaken,
  controlPath,
  serveControl,
} from '../../agent/control.ts';
import { timed, untilTestEnds } from '../support/loopback.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const newPath = (): string => join(temporaryDirectory(), 'control.sock');
const echo: ControlHandler = async (request) => request;

async function serving(handler: ControlHandler, path = newPath()): Promise<string> {
  await untilTestEnds(serveControl(path, handler));
  return path;
}

/** What comes back on a line that is not a request, or not one of ours. */
async function send(path: string, text: string): Promise<unknown> {
  const socket = createConnection({ path });
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return JSON.parse(answer);
}

describe('the control socket', () => {
  it('carries a request there and its result back', async () => {
    const path = await serving(echo);
    const request = { command: 'sweep', args: { targets: ['192.168.1.0/24'], level: 'L3' } };
    expect(await askControl(path, request)).toEqual({ result: request });
  });

  it('carries progress before the result, in order', async () => {
    const path = await serving(async (_request, report) => {
      for (const step of [1, 2, 3]) report({ step });
      return 'done';
    });
    const heard: unknown[] = [];
    expect(await askControl(path, { command: 'sweep', args: null }, (step) => heard.push(step))).toEqual({
      result: 'done',
    });
    expect(heard).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
  });

  it('serves several clients at the same time', async () => {
    const path = await serving(async (request) => request.args);
    const answers = [1, 2, 3, 4].map((args) => askControl(path, { command: 'status', args }));
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4].map((result) => ({ result })));
  });

  it("passes an error on with the owner's words and its name", async () => {
    const path = await serving(() => Promise.reject(new RangeError('target 8.8.8.8: not a private range')));
    const failure = askControl(path, { command: 'sweep', args: null });
    await expect(failure).rejects.toThrow(ControlError);
    await expect(askControl(path, { command: 'sweep', args: null })).rejects.toMatchObject({
      message: 'target 8.8.8.8: not a private range',
      remoteName: 'RangeError',
    });
  });

  it('is nobody when nothing was ever there, and when its owner died', async () => {
    const path = newPath();
    expect(await askControl(path, { command: 'status', args: null })).toBeNull();
    const owner = await serveControl(path, echo);
    await owner.close();
    expect(await askControl(path, { command: 'status', args: null })).toBeNull();
  });

  it('belongs to one process at a time', async () => {
    const path = await serving(echo);
    await expect(serveControl(path, echo)).rejects.toThrow(ControlTaken);
    expect(await askControl(path, { command: 'still', args: null })).not.toBeNull();
  });

  it('replaces a socket file that nobody answers on', async () => {
    const path = newPath();
    await leaveSocketFile(path);
    expect(statSync(path).isSocket()).toBe(true);
    await serving(echo, path);
    expect(await askControl(path, { command: 'status', args: null })).not.toBeNull();
  });

  it('is for its owner and group only, and leaves nothing behind', async () => {
    const path = newPath();
    const owner = await serveControl(path, echo);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await owner.close();
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['what is no JSON', 'hello\n'],
    ['JSON that is no request', '[1, 2]\n'],
    ['a request without a command', '{"args":{}}\n'],
    ['a request longer than 16 KiB', `"${'x'.repeat(20_000)}`],
  ])('refuses %s', async (_what, text) => {
    const path = await serving(echo);
    expect(await send(path, text)).toMatchObject({ ok: false });
  });

  it('does not wait for clients that never finish when it is closed', async () => {
    const path = newPath();
    const owner = await serveControl(path, () => new Promise(() => {}));
    const client = await untilTestEnds(closable(createConnection({ path })));
    client.socket.write('{"command":"sweep"}\n');
    const [, took] = await timed(() => owner.close());
    expect(took).toBeLessThan(1_500);
  });

  it('is reached again after its file was deleted, and whoever is connected keeps the connection', async () => {
    const path = newPath();
    const gate = Promise.withResolvers<string>();
    const owner = await untilTestEnds(
      serveControl(path, async ({ command }) => (command === 'sweep' ? gate.promise : command)),
    );
    const sweeping = askControl(path, { command: 'sweep', args: null });
    await setTimeout(20);
    await rm(path);
    expect(await askControl(path, { command: 'status', args: null })).toBeNull();
    await owner.renew();
    expect(await askControl(path, { command: 'status', args: null })).toEqual({ result: 'status' });
    gate.resolve('swept');
    expect(await sweeping).toEqual({ result: 'swept' });
  });

  it('refuses a path that the kernel would cut short', async () => {
    const path = join(temporaryDirectory(), 'x'.repeat(120), 'control.sock');
    await expect(serveControl(path, echo)).rejects.toThrow(/longer than 107 bytes/);
  });

  it('says so when the place cannot be used', async () => {
    const path = join(temporaryDirectory(), 'missing', 'control.sock');
    await expect(serveControl(path, echo)).rejects.toMatchObject({
      code: 'EACCES',
      message: expect.stringMatching(/control socket .*no such directory.*--data-dir/) as unknown,
    });
  });

  it('lies beside the data, but in /run for the system service', () => {
    expect(controlPath('/home/me/data')).toBe('/home/me/data/control.sock');
    expect(controlPath('/var/lib/smbwarden')).toBe('/run/smbwarden/control.sock');
  });
});

/** As a process leaves it that is killed. */
async function leaveSocketFile(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['--eval', script, path]), 'exit');
}

function closable(socket: ReturnType<typeof createConnection>) {
  return { socket, close: () => socket.destroy() };
}
