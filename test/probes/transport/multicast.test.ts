import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type MulticastEar, openEar } from '../../../probes/transport/multicast.ts';
import { untilTestEnds } from '../../support/loopback.ts';

/** Sent over loopback only: IP_MULTICAST_IF is 127.0.0.1. */
const GROUP = '224.0.0.251';

async function bound(port: number, address: string): Promise<Socket> {
  const socket = await untilTestEnds(createSocket({ type: 'udp4', reuseAddr: true }));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => resolve());
  });
  return socket;
}

/** A port on which nobody else hears. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

async function sender(): Promise<Socket> {
  const socket = await bound(0, '127.0.0.1');
  socket.setMulticastInterface('127.0.0.1');
  socket.setMulticastLoopback(true);
  return socket;
}

async function ear(port: number) {
  const heard: string[] = [];
  const troubles: string[] = [];
  const opened: MulticastEar = openEar({
    group: GROUP,
    port,
    onDatagram: (bytes, from) => heard.push(`${Buffer.from(bytes)} from ${from.address}`),
    onTrouble: (what, code) => troubles.push(`${what}: ${code}`),
  });
  await untilTestEnds(opened);
  return { ...opened, heard, troubles };
}

describe('an ear for a multicast group', () => {
  it('hears what is sent to the group on the interfaces it was given', async () => {
    const port = await freePort();
    const listener = await ear(port);
    listener.listenOn(['127.0.0.1']);
    const from = await sender();
    await expect
      .poll(() => {
        from.send('hello', port, GROUP);
        return listener.heard[0];
      })
      .toBe('hello from 127.0.0.1');
    expect(listener.troubles).toEqual([]);
  });

  it('may be told the same interface again', async () => {
    const listener = await ear(await freePort());
    listener.listenOn(['127.0.0.1']);
    await sleep(30);
    listener.listenOn(['127.0.0.1']);
    expect(listener.troubles).toEqual([]);
  });

  it('takes no datagram that is meant for another program on the same port', async () => {
    const port = await freePort();
    const other = await bound(port, '0.0.0.0');
    const got: string[] = [];
    other.on('message', (bytes) => got.push(String(bytes)));
    const listener = await ear(port);
    listener.listenOn(['127.0.0.1']);
    await sleep(30);
    (await sender()).send('for the other', port, '127.0.0.1');
    await expect.poll(() => got).toEqual(['for the other']);
    expect(listener.heard).toEqual([]);
  });

  it('says what it cannot do, and stays quiet', async () => {
    const port = await freePort();
    const listener = await ear(port);
    listener.listenOn(['192.0.2.1']);
    await expect.poll(() => listener.troubles).toEqual([`join ${GROUP} on 192.0.2.1: ENODEV`]);
    const holder = createSocket('udp4');
    await new Promise<void>((resolve) => holder.bind(0, GROUP, () => resolve()));
    await untilTestEnds(holder);
    const deaf = await ear(holder.address().port);
    deaf.listenOn(['127.0.0.1']);
    await expect
      .poll(() => deaf.troubles)
      .toEqual([`listen to ${GROUP}:${holder.address().port}: EADDRINUSE`]);
    await deaf.close();
  });

  it('may be closed twice', async () => {
    const listener = await ear(await freePort());
    await listener.close();
    await listener.close();
  });
});
