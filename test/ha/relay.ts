/**
 * `node relay.ts SOCKET PORT`: whatever connects to the socket file is connected to the port of this network namespace.
 * So a test outside the namespace reaches the web server inside, and no packet leaves it.
 */
import { connect, createServer } from 'node:net';

const [file = '', port = ''] = process.argv.slice(2);
createServer((outside) => {
  const inside = connect(Number(port), '127.0.0.1');
  outside.on('error', () => inside.destroy());
  inside.on('error', () => outside.destroy());
  outside.on('close', () => inside.destroy());
  inside.on('close', () => outside.destroy());
  outside.pipe(inside).pipe(outside);
}).listen(file);
