import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Netns } from './netns.js';

/** Bound at once, since a namespace is entered for a moment only. */
const lookup = ((host: string, ...rest: unknown[]) => {
  (rest.at(-1) as (error: null, address: string) => void)(null, host);
}) as never;

/** A UDP socket in a namespace, of this process: other processes take long to start where all is emulated. */
export class Endpoint implements Disposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
  }

  static open(namespace: Netns, address: string, port = 0): Endpoint {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    const socket = namespace.run(() => createSocket({ type, lookup }).bind(port, address));
    return namespace.own(new Endpoint(socket));
  }

  /** A service: what comes goes back. */
  static echo(namespace: Netns, address: string, port: number): Endpoint {
    const endpoint = Endpoint.open(namespace, address, port);
    const socket = endpoint.#socket;
    socket.on('message', (message, from) => socket.send(message, from.port, from.address));
    return endpoint;
  }

  /** The next datagram after one that is sent; undefined: none came in time. */
  async ask(bytes: Uint8Array, port: number, address: string, waitMs: number): Promise<Buffer | undefined> {
    const answer = once(this.#socket, 'message', { signal: AbortSignal.timeout(waitMs) });
    this.#socket.send(bytes, port, address);
    return answer.then(
      ([message]) => message as Buffer,
      () => undefined,
    );
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
