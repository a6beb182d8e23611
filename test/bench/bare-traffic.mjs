/**
 * Sends and receives what a sweep that finds everything as before sends and receives, and does nothing else: what that
 * costs any program for Node.js. For each line on standard input one round, told by a line on standard output: the
 * milliseconds that all threads have been on a processor.
 *
 * The only argument is JSON: `addresses`, each asked by one datagram, 500 a second; `hosts`, each connected to three times,
 * 100 ms apart; `datagram`, `negotiate` and `sessionRequest` in hexadecimal.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const SOCKETS = 8;
const AT_A_TIME = 25;
const TICK_MS = 50;
const PAUSE_MS = 100;
const ANSWER_WITHIN_MS = 2_000;
const SETTLED_AFTER_MS = 1_000;

const { addresses, hosts, ...hex } = JSON.parse(process.argv[2]);
const [datagram, negotiate, sessionRequest] = [hex.datagram, hex.negotiate, hex.sessionRequest].map((text) =>
  Buffer.from(text, 'hex'),
);

for await (const _ of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  await Promise.all([askAll(), visitAll()]);
  await sleep(SETTLED_AFTER_MS);
  const { user, system } = process.cpuUsage(before);
  console.log(((user + system) / 1_000).toFixed(1));
}

async function askAll() {
  const sockets = Array.from({ length: SOCKETS }, () => createSocket('udp4'));
  for (const socket of sockets) {
    socket.bind(0);
    await once(socket, 'listening');
  }
  for (let asked = 0; asked < addresses.length; asked += AT_A_TIME) {
    for (const [i, address] of addresses.slice(asked, asked + AT_A_TIME).entries())
      sockets[i % SOCKETS].send(datagram, 137, address);
    await sleep(TICK_MS);
  }
  for (const socket of sockets) socket.close();
}

async function visitAll() {
  const visits = [];
  for (const [i, host] of hosts.entries()) {
    visits.push(visit(host));
    if (i % AT_A_TIME === AT_A_TIME - 1) await sleep(TICK_MS);
  }
  await Promise.all(visits);
}

async function visit(host) {
  await converse(host, 445, negotiate);
  await sleep(PAUSE_MS);
  await converse(host, 139, sessionRequest);
  await sleep(PAUSE_MS);
  await converse(host, 135, datagram);
}

/** Connects, says something, hears something, ends with FIN; or is refused. */
function converse(host, port, request) {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, family: 4, noDelay: true });
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
    socket.once('connect', () => socket.write(request));
    socket.once('data', () => socket.end());
    socket.on('error', () => {});
    socket.once('close', resolve);
  });
}
