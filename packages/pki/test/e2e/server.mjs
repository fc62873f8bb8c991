import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/* A service that knows nothing of certificates: it echoes, over TCP and UDP. */

const port = Number(process.argv[2]);
const udp = createSocket('udp6');
udp.on('message', (message, { port, address }) => udp.send(message, port, address));
udp.bind(port, '::', () => {
  createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, '::', () =>
    console.log('ready'),
  );
});
