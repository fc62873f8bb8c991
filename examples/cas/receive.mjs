import { createSocket } from 'node:dgram';
import { open } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { Receiver } from '@cryptbpf/cas/client';
import { receiveContent } from '@cryptbpf/cas/udp';

const [host = 'localhost', cid = '', name = 'film.mp4'] = process.argv.slice(2);
const file = await open(name, 'w+');
/** @type {import('@cryptbpf/cas/client').Sink} */
const sink = { write: async (at, bytes) => void (await file.write(bytes, 0, bytes.length, at)) };
const receiver = new Receiver(cid, { sink });

const asking = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
await receiveContent(receiver, {
  port: 4430,
  onMissing: (ranges) => asking.send(JSON.stringify(ranges.slice(0, 20)), 4431, host),
});
console.log(`${name} is here, ${receiver.size} bytes`);
asking.close();
