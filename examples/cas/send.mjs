// Answers requests for parts of a file: JSON with ranges of chunks, over UDP port 4431.
import { createSocket } from 'node:dgram';
import { createReadStream } from 'node:fs';
import { contentOf } from '@cryptbpf/cas/client';
import { sendContent } from '@cryptbpf/cas/udp';

const [file = 'film.mp4'] = process.argv.slice(2);
const content = await contentOf((start, end) => createReadStream(file, { start, end: end - 1 }));
console.log(`the id of ${file} is ${content.cid}`);

const socket = createSocket('udp6'); // and IPv4
socket.on('message', async (request, { address: host }) => {
  try {
    await sendContent(content, { host, port: 4430, ranges: JSON.parse(`${request}`), bytesPerSecond: 50e6 });
  } catch (error) {
    console.log(error);
  }
});
socket.bind(4431);
