import { createSocket } from 'node:dgram';

/* Sends the packets of its arguments, in turn, until it is told to stop; then says how often it sent each. */

const [port, host, ...packets] = process.argv.slice(2);
const socket = createSocket('udp4');
const payloads = packets.map((hex) => Buffer.from(hex, 'hex'));
let rounds = 0;
let isOn = true;

async function send() {
  while (isOn) {
    for (const payload of payloads)
      await new Promise((resolve) => socket.send(payload, Number(port), host, () => resolve()));
    rounds++;
    /* A send that ends at once comes back before messages are looked at. */
    await new Promise(setImmediate);
  }
  socket.close();
  process.send({ rounds });
  process.disconnect();
}

process.on('message', () => {
  isOn = false;
});
socket.on('error', () => {});
process.send({});
send();
