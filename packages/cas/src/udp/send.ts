import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { Content } from '../client/content.js';
import { CasError } from '../client/errors.js';
import { checkPort } from '../client/guards.js';
import type { Range } from '../client/ranges.js';
import { Pace } from './pace.js';

export interface SendOptions {
  /** Name or address of the receiver. */
  host: string;
  port: number;
  /** Only these chunks: what the receiver misses. Default: all. */
  ranges?: readonly Range[];
  /** Payload of packets, at most. Default: as much as the system takes, which may be more than the way there does. */
  bytesPerSecond?: number;
  /** Ends it. */
  signal?: AbortSignal;
  /** Told after each packet how many are on their way. */
  onSent?: (packets: number) => void;
}

/**
 * Sends content, or chunks of it. Resolves with the number of packets when the system has taken the last one: nobody says
 * that they arrived. Rejects with ERR_CAS_NETWORK when there is no such host, or no way there; ERR_CAS_SOURCE when the
 * content has changed; the signal's reason. RangeError for a port or pace that cannot be.
 */
export async function sendContent(content: Content, options: SendOptions): Promise<number> {
  const { host, signal } = options;
  const port = checkPort(options.port);
  const pace = new Pace(options.bytesPerSecond);
  const { address, family } = await lookup(host).catch((cause) => {
    throw unreachable(host, cause);
  });
  signal?.throwIfAborted();
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  let sent = 0;
  try {
    for await (const packet of content.packets(options.ranges)) {
      await pace.wait(packet.length, signal);
      signal?.throwIfAborted();
      await send(socket, packet, { address, port }).catch((cause) => {
        throw unreachable(host, cause);
      });
      options.onSent?.(++sent);
    }
  } finally {
    socket.close();
  }
  return sent;
}

function send(socket: Socket, packet: Uint8Array, to: { address: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(packet, to.port, to.address, (error) => (error ? reject(error) : resolve())),
  );
}

function unreachable(host: string, cause: Error): CasError {
  return new CasError('ERR_CAS_NETWORK', `cannot send to ${host}: ${cause.message}`, { cause });
}
