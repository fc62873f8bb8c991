/**
 * The client on UDP sockets of Node.
 *
 * @packageDocumentation
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { OffloadClient, type OffloadClientOptions } from './client/client.js';
import { OffloadError } from './client/errors.js';

export { OffloadError, type OffloadErrorCode } from './client/errors.js';

export interface ConnectOptions extends Omit<OffloadClientOptions, 'send'> {
  /** IP address of the service. */
  host: string;
  port: number;
}

/** A client, and its socket, which keeps the process running until close(). */
export interface UdpClient extends AsyncDisposable {
  readonly client: OffloadClient;
  close(): Promise<void>;
}

const BUFFER_BYTES = 4 * 2 ** 20;

/** Rejects with ERR_OFFLOAD_NETWORK for an address that cannot be reached at all. */
export async function connect({ host, port, ...options }: ConnectOptions): Promise<UdpClient> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: BUFFER_BYTES });
  const client = new OffloadClient({ ...options, send: (packet) => socket.send(packet) });
  socket.on('message', (packet) => client.receive(packet));
  try {
    socket.connect(port, host);
    await once(socket, 'connect');
  } catch (cause) {
    socket.close();
    throw new OffloadError('ERR_OFFLOAD_NETWORK', `cannot reach ${host}`, { cause });
  }
  /* A port that is closed at the moment is what the timeout tells of. */
  socket.on('error', () => {});
  const close = async () => {
    client.close();
    socket.close();
    await once(socket, 'close');
  };
  return { client, close, [Symbol.asyncDispose]: close };
}
