// A service that knows nothing of proofs: it greets as SSH does over TCP, and echoes over UDP. A process of its own.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const port = Number(process.argv[2]);
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.end('SSH-2.0-Example\r\n');
}).listen(port, '::');
const echoes = [];
for (const [type, address] of [
  ['udp4', '0.0.0.0'],
  ['udp6', '::'],
]) {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  socket.on('message', (message, from) => socket.send(message, from.port, from.address));
  socket.bind(port, address);
  echoes.push(once(socket, 'listening'));
}
await Promise.all([once(server, 'listening'), ...echoes]);
console.log('ready');
