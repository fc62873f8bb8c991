import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { BpfError } from '@cryptbpf/core';
import type { Endpoint } from '../contract.js';

export interface SocketsOptions {
  /** 0 for one that is free in both families. */
  readonly port: number;
  /** At this address alone. Default: at all of them, in both families. */
  readonly address?: string | undefined;
  onMessage(message: Uint8Array, source: Endpoint): void;
}

const TRIES = 16;
/** What a machine without IPv6 says. */
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** The UDP port of a tunnel, in both families. The kernel takes data packets before they get here. */
export class Sockets implements Disposable {
  readonly port: number;
  readonly #ipv4: Socket | undefined;
  readonly #ipv6: Socket | undefined;

  private constructor({ ipv4, ipv6 }: Bound, { onMessage }: SocketsOptions) {
    this.port = (ipv4 ?? ipv6)!.address().port;
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
    for (const socket of this.#both()) {
      socket.on('message', (message, { address, port }: RemoteInfo) => onMessage(message, { address, port }));
      // What cannot be sent or read now: the handshake's timers try again.
      socket.on('error', () => {});
    }
  }

  /** In the network namespace that the thread is in. Throws ERR_BUSY for a port that is taken. */
  static open(options: SocketsOptions): Sockets {
    for (let tries = 1; ; tries++) {
      try {
        return new Sockets(options.address ? bindOne(options, options.address) : bindBoth(options), options);
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        if (code !== 'EADDRINUSE')
          throw new BpfError('ERR_SYSCALL', `opening UDP port: ${message}`, { cause });
        if (options.port === 0 && tries < TRIES) continue;
        throw new BpfError('ERR_BUSY', `UDP port ${options.port} is taken: choose another one`, { cause });
      }
    }
  }

  /** Whether it arrives, nobody knows. */
  send(message: Uint8Array, { address, port }: Endpoint): void {
    const socket = isIPv6(address) ? this.#ipv6 : this.#ipv4;
    socket?.send(message, port, address, () => {});
  }

  [Symbol.dispose](): void {
    for (const socket of this.#both()) socket.close();
  }

  #both(): Socket[] {
    return [this.#ipv4, this.#ipv6].filter((socket) => socket !== undefined);
  }
}

interface Bound {
  readonly ipv4: Socket | undefined;
  readonly ipv6: Socket | undefined;
}

function bindOne({ port }: SocketsOptions, address: string): Bound {
  return isIPv6(address)
    ? { ipv4: undefined, ipv6: bind('udp6', port, address) }
    : { ipv4: bind('udp4', port, address), ipv6: undefined };
}

function bindBoth({ port }: SocketsOptions): Bound {
  const ipv4 = bind('udp4', port);
  try {
    return { ipv4, ipv6: bindIpv6(ipv4.address().port) };
  } catch (error) {
    ipv4.close();
    throw error;
  }
}

function bindIpv6(port: number): Socket | undefined {
  try {
    return bind('udp6', port);
  } catch (error) {
    if (NO_IPV6.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** At once: with a resolver that does not wait, bind() has failed or not when it returns. */
function bind(type: SocketType, port: number, address?: string): Socket {
  const socket = createSocket({ type, ipv6Only: type === 'udp6', lookup: literal as never });
  let failure: Error | undefined;
  const note = (error: Error) => {
    failure = error;
  };
  socket.once('error', note);
  socket.bind(port, address);
  socket.off('error', note);
  if (!failure) return socket;
  socket.close();
  throw failure;
}

/** Addresses are never names here. */
function literal(address: string, ...rest: unknown[]): void {
  (rest.at(-1) as (error: null, address: string) => void)(null, address);
}
