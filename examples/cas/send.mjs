// Answers requests for parts of a file: JSON with ranges of chunks, over UDP port 4431.
import { createSocket } from 'node:dgram';
import { createReadStream } from 'node:fs';
import { contentOf } from '@cryptbpf/cas/client';

const [file = 'film.mp4'] = process.argv.slice(2);
const content = await contentOf((start, end) => createReadStream(file, { start, end: end - 1 }));
console.log(`the id of ${file} is ${content.cid}`);

const socket = createSocket('udp6'); // and IPv4
socket.on('message', async (request, { address }) => {
  for await (const packet of content.packets(JSON.parse(`${request}`)))
    await new Promise((sent) => socket.send(packet, 4430, address, sent));
});
socket.bind(4431);
