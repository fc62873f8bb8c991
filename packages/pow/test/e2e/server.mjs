// A TCP server that greets, as a process of its own within a namespace: "ready" when it listens.
import { createServer } from 'node:net';

const ports = process.argv.slice(2).map(Number);
let listening = 0;
for (const port of ports) {
  createServer((socket) => {
    socket.on('error', () => {});
    socket.write('hello');
    socket.on('data', (data) => socket.write(data));
  }).listen(port, '::', () => {
    if (++listening === ports.length) console.log('ready');
  });
}
