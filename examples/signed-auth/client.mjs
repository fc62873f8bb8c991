import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { createSigner, SignedSocket } from '@cryptbpf/signed-auth/udp';

const [host = 'localhost'] = process.argv.slice(2);
const signer = createSigner(readFileSync('sender.pem', 'utf8'), { audience: 'echo.example', keyId: 1 });
const socket = new SignedSocket({ signer, type: isIPv6(host) ? 'udp6' : 'udp4' });

socket.on('message', (datagram) => console.log(`echo: ${datagram}`));
socket.on('session', ({ lifetime }) => console.log(`no more signatures: a session for ${lifetime} seconds`));
for (let i = 1; i <= 10; i++) {
  await socket.send(`packet ${i}`, 7777, host);
  await new Promise((resolve) => setTimeout(resolve, 200));
}
await socket.close();
