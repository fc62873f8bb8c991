import { createSocket } from 'node:dgram';
import { open } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { Receiver } from '@cryptbpf/cas/client';

const [host = 'localhost', cid = '', name = 'film.mp4'] = process.argv.slice(2);
const file = await open(name, 'w+');
/** @type {import('@cryptbpf/cas/client').Sink} */
const sink = { write: async (at, bytes) => void (await file.write(bytes, 0, bytes.length, at)) };
const receiver = new Receiver(cid, { sink });
let last = 0;

const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').bind(4430);
const ask = () => socket.send(JSON.stringify(receiver.missing(20)), 4431, host);
socket.on('message', async (packet) => {
  last = Date.now();
  await receiver.accept(packet).catch((error) => console.log(error.message));
  if (!receiver.isComplete) return;
  console.log(`${name} is here, ${receiver.size} bytes`);
  process.exit();
});
ask();
setInterval(() => Date.now() - last > 200 && ask(), 200);
