/**
 * A printer's raw ports: `node printer.ts RECORD_FILE PORT...` in the foreground, on all addresses. One line of JSON for each
 * connection (`bytes` null) and for each piece that it received.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [recordFile = '', ...ports] = process.argv.slice(2);

for (const port of ports.map(Number)) {
  const record = (bytes: number | null) =>
    appendFileSync(recordFile, `${JSON.stringify({ at: Date.now(), port, bytes })}\n`);
  createServer((socket) => {
    record(null);
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece) => record(piece.length));
  }).listen(port, '0.0.0.0');
}
