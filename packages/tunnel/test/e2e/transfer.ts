import { once } from 'node:events';
import type { End, Family } from './lab.js';
import { innerAddress } from './lab.js';

type Place = Pick<End, 'side' | 'namespace'>;

const SERVER = `
  let bytes = 0;
  const server = require('node:net').createServer((socket) => {
    socket.on('data', (data) => { bytes += data.length; });
    socket.on('end', () => { socket.end(String(bytes)); server.close(); });
  });
  server.listen(7000, process.argv[1], () => console.log('ready'));
`;
const CLIENT = `
  const [localAddress, host, bytes] = process.argv.slice(1);
  const socket = require('node:net').connect({ port: 7000, host, localAddress });
  socket.on('data', (data) => console.log(String(data)));
  socket.end(Buffer.alloc(Number(bytes), 'plaintext'));
`;

const WAIT_MS = process.env.CRYPTBPF_VM ? 60_000 : 20_000;

/** Sends so many bytes by TCP, from one end of a tunnel to the other. How many came is what the server says. */
export async function transfer(from: Place, to: Place, family: Family, bytes: number): Promise<number> {
  const host = innerAddress(to.side, family);
  const server = run(to, SERVER, host);
  await once(server.stdout!, 'data');
  const client = run(from, CLIENT, innerAddress(from.side, family), host, `${bytes}`);
  const signal = AbortSignal.timeout(WAIT_MS);
  const [said] = await once(client.stdout!, 'data', { signal });
  return Number(String(said));
}

function run(end: Place, script: string, ...args: string[]) {
  return end.namespace.spawn(process.execPath, ['-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
