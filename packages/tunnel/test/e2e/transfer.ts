import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { End, Family } from './lab.js';
import { innerAddress } from './lab.js';

type Place = Pick<End, 'side' | 'namespace'>;

const CLIENT = 'yes plaintext | tr -d "\\n" | head -c "$1" >"/dev/tcp/$2/$3"';
const WAIT_MS = process.env.CRYPTBPF_VM ? 60_000 : 20_000;

/** Sends so many bytes by TCP, from one end of a tunnel to the other. How many came is what the server says. */
export async function transfer(from: Place, to: Place, family: Family, bytes: number): Promise<number> {
  const server = to.namespace.run(() => createServer().listen());
  try {
    const { port } = server.address() as AddressInfo;
    const args = ['-c', CLIENT, 'bash', `${bytes}`, innerAddress(to.side, family), `${port}`];
    from.namespace.spawn('bash', args, { stdio: 'inherit' });
    const [socket] = await once(server, 'connection', { signal: AbortSignal.timeout(WAIT_MS) });
    return await received(socket);
  } finally {
    server.close();
  }
}

async function received(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (data) => {
    bytes += data.length;
  });
  await once(socket, 'end', { signal: AbortSignal.timeout(WAIT_MS) });
  return bytes;
}
