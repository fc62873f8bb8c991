import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/* What a client says, as a process of its own: run in its namespace. */

const [command, ...args] = process.argv.slice(2);

async function present(options) {
  const { presentCertificate } = await import('../../dist/udp.js');
  try {
    const { lifetime, renewAfter, source } = await presentCertificate(JSON.parse(options));
    return JSON.stringify({ lifetime, renewAfter, source });
  } catch ({ code, reason, message }) {
    return JSON.stringify({ code, reason, message });
  }
}

/** Presents what each line of its input says. */
async function serve() {
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) console.log(await present(line));
}

function tcp(host, port, wait) {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: Number(wait) });
    socket.on('connect', () => socket.write('hello'));
    socket.on('data', (data) => resolve(`${data}` === 'hello' ? 'open' : `${data}`));
    socket.on('timeout', () => resolve('timeout')).on('error', ({ code }) => resolve(code));
  }).finally(() => setImmediate(() => process.exit()));
}

function datagram(host, port, wait) {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (data) => resolve(`${data}` === 'hello' ? 'open' : `${data}`));
    socket.send('hello', Number(port), host);
    setTimeout(resolve, Number(wait), 'timeout');
  }).finally(() => setImmediate(() => process.exit()));
}

const said = await { present, serve, connect: tcp, datagram }[command](...args);
if (said !== undefined) console.log(said);
