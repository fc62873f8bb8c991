import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram';
import { existsSync } from 'node:fs';
import { BpfError } from '@cryptbpf/core';

/** So that the socket is there, or the error, when bind() returns, in the network namespace of then. */
const lookup = ((host: string, ...rest: unknown[]) => {
  const [callback] = rest.slice(-1) as [(error: null, address: string, family: number) => void];
  callback(null, host, host.includes(':') ? 6 : 4);
}) as never;

/** What answers a session request, or undefined. */
export type Answer = (message: Uint8Array, source: string) => Uint8Array | undefined;

/**
 * Where session requests that the program let through arrive: a UDP socket on the control port, at every address of
 * this network namespace.
 */
export class SessionServer {
  readonly #socket: Socket;

  /** Throws ERR_BUSY when the port is taken. */
  constructor(port: number, answer: Answer, onError: (error: Error) => void) {
    /* thread-self: a thread may be in another namespace than its process. */
    const hasIpv6 = existsSync('/proc/thread-self/net/if_inet6');
    const type: SocketType = hasIpv6 ? 'udp6' : 'udp4';
    this.#socket = createSocket({ type, lookup });
    let failed: Error | undefined;
    this.#socket.on('error', (error) => {
      failed = error;
    });
    this.#socket.bind({ port, address: hasIpv6 ? '::' : '0.0.0.0', exclusive: true });
    if (failed) throw busy(port, failed);
    this.#socket.removeAllListeners('error').on('error', onError);
    this.#socket.on('message', (message, remote) => {
      try {
        this.#reply(answer(message, remote.address), remote);
      } catch (error) {
        onError(error as Error);
      }
    });
    this.#socket.unref();
  }

  close(): void {
    this.#socket.close();
  }

  #reply(message: Uint8Array | undefined, { port, address }: RemoteInfo): void {
    if (message) this.#socket.send(message, port, address, () => {});
  }
}

function busy(port: number, cause: Error): BpfError {
  const message = `UDP port ${port}, where session requests come in, cannot be bound: choose another controlPort, or sessions: false`;
  return new BpfError('ERR_BUSY', message, { cause });
}
