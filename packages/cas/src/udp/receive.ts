import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { CasError } from '../client/errors.js';
import { checkInteger, checkPort } from '../client/guards.js';
import type { Range } from '../client/ranges.js';
import type { Receiver } from '../client/receiver.js';

export interface ReceiveOptions {
  /** Of this machine. */
  port: number;
  /** Of this machine. Default '::', which is every IPv6 address, and IPv4 as well. */
  address?: string;
  /** Told what is missing, up to 100 ranges: at first, and whenever nothing new has come for a while. Ask for it. */
  onMissing?: (missing: Range[]) => void | Promise<void>;
  /** That while, in milliseconds. Default 200. */
  quiet?: number;
  /** Ends it; the receiver keeps what came. */
  signal?: AbortSignal;
}

/** What came, while it was received. */
export interface Received {
  /** In all, also of other content, or twice. */
  readonly packets: number;
  /** Not what their id says: dropped here, for want of a `ContentVerifier`. */
  readonly wrong: number;
}

const RANGES = 100;
const BUFFER_BYTES = 4 * 2 ** 20;
/** Packets that may wait for the sink. More are lost, as if on the way, and asked for again. */
const WAITING = 1024;
const DAY_MS = 86_400_000;

/**
 * Puts what comes to a UDP port into the receiver, until it has all. Rejects with ERR_CAS_NETWORK when the port cannot be
 * had, ERR_CAS_SIZE for content that is too large, what the sink or onMissing throw, the signal's reason; then
 * another call goes on where this one ended.
 */
export async function receiveContent(receiver: Receiver, options: ReceiveOptions): Promise<Received> {
  const quiet = checkInteger('quiet', options.quiet ?? 200, 1, DAY_MS);
  checkPort(options.port);
  options.signal?.throwIfAborted();
  const socket = await bind(options);
  const reception = new Reception(receiver, { ...options, quiet });
  try {
    await reception.from(socket);
    return { packets: reception.packets, wrong: reception.wrong };
  } finally {
    socket.close();
  }
}

class Reception {
  readonly #receiver: Receiver;
  readonly #options: ReceiveOptions & { quiet: number };
  #waiting = 0;
  #newAt = performance.now();
  packets = 0;
  wrong = 0;

  constructor(receiver: Receiver, options: ReceiveOptions & { quiet: number }) {
    this.#receiver = receiver;
    this.#options = options;
  }

  async from(socket: Socket): Promise<void> {
    const { signal, quiet } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    let abort = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const settle = (task: Promise<void>) =>
          task.then(() => this.#receiver.isComplete && resolve(), reject);
        abort = () => reject(signal?.reason);
        signal?.addEventListener('abort', abort);
        socket.on('message', (packet) => settle(this.#take(packet)));
        timer = setInterval(() => settle(this.#watch(quiet)), quiet);
        settle(this.#ask());
      });
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #take(packet: Uint8Array): Promise<void> {
    this.packets++;
    if (this.#waiting >= WAITING) return;
    this.#waiting++;
    try {
      if (await this.#receiver.accept(packet)) this.#newAt = performance.now();
    } catch (error) {
      if ((error as CasError).code !== 'ERR_CAS_PACKET') throw error;
      this.wrong++;
    } finally {
      this.#waiting--;
    }
  }

  async #watch(quiet: number): Promise<void> {
    if (performance.now() - this.#newAt >= quiet) await this.#ask();
  }

  async #ask(): Promise<void> {
    this.#newAt = performance.now();
    if (!this.#receiver.isComplete) await this.#options.onMissing?.(this.#receiver.missing(RANGES));
  }
}

async function bind({ port, address = '::' }: ReceiveOptions): Promise<Socket> {
  const type = isIPv4(address) ? 'udp4' : 'udp6';
  const socket = createSocket({ type, recvBufferSize: BUFFER_BYTES });
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
  } catch (cause) {
    socket.close();
    throw new CasError('ERR_CAS_NETWORK', `cannot have UDP port ${port} of ${address}`, { cause });
  }
  socket.on('error', () => {}); // what others send back
  return socket;
}
