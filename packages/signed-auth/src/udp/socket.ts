import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { EventEmitter, once } from 'node:events';
import { isIP } from 'node:net';
import { addressBytes, formatAddress } from '@cryptbpf/core/gate-client';
import { SignedAuthError } from '../client/errors.js';
import { checkBytes, checkInteger } from '../client/guards.js';
import { DEFAULT_PORT, decodeChallenge, MessageType, messageType } from '../client/message.js';
import type { Session } from '../client/session.js';
import type { SentPacket } from './cookies.js';
import { Destination } from './destination.js';
import type { SignedSocketOptions } from './options.js';
import { openSession } from './session.js';
import type { UpgradeOptions } from './upgrade.js';

const DEFAULT_COOKIE_LIFETIME_MS = 25_000;

export interface SignedSocketEvents {
  /** A datagram of the application; what the gate says is answered by the socket itself. */
  message: [datagram: Buffer, from: RemoteInfo];
  listening: [];
  /** The socket is of no use any more: it could not be bound, for example. */
  error: [error: Error];
  /** From now on packets to this address carry the tag of a session. */
  session: [session: Session, address: string];
  /** No session could be had; packets go on to be signed, and it is tried again later. */
  sessionError: [error: SignedAuthError, address: string];
  close: [];
}

/**
 * A UDP socket whose packets pass a gate: signed at first, then under a session. It answers the gate's demands for
 * cookies, and renews sessions while packets are sent.
 *
 * A session that the gate has lost (it was restarted without its state, or the key was revoked) cannot be told from a
 * silent network: an application that waits in vain for answers calls `forget`.
 *
 * @example
 * import { createSigner, SignedSocket } from '@cryptbpf/signed-auth/udp';
 * await using socket = new SignedSocket({ signer: createSigner(pem, { audience: 'echo.example', keyId: 1 }) });
 * socket.on('message', (datagram) => console.log(datagram.toString()));
 * await socket.send('hello', 7777, 'echo.example');
 */
export class SignedSocket extends EventEmitter<SignedSocketEvents> implements AsyncDisposable {
  readonly #options: SignedSocketOptions;
  readonly #type: 'udp4' | 'udp6';
  readonly #cookieLifetime: number;
  readonly #socket: Socket;
  readonly #listening: Promise<void>;
  readonly #destinations = new Map<string, Destination>();
  readonly #onAbort = () => void this.close();
  #closed: Promise<void> | undefined;

  /** @throws TypeError, RangeError; what goes wrong later is an `error` event. */
  constructor(options: SignedSocketOptions) {
    super();
    checkInteger('controlPort', options.controlPort ?? DEFAULT_PORT, 1, 65535);
    const localPort = checkInteger('localPort', options.localPort ?? 0, 0, 65535);
    const cookieLifetime = options.cookieLifetime ?? DEFAULT_COOKIE_LIFETIME_MS;
    this.#cookieLifetime = checkInteger('cookieLifetime', cookieLifetime, 0, 2 ** 31 - 1);
    this.#options = options;
    this.#type = options.type ?? 'udp4';
    this.#socket = createSocket(this.#type);
    this.#socket.on('message', (datagram, from) => this.#receive(datagram, from));
    this.#socket.on('error', (error) => this.emit('error', error));
    this.#socket.on('listening', () => this.emit('listening'));
    this.#socket.on('close', () => this.emit('close'));
    this.#listening = this.#bind(localPort);
    // Told by the error event; who sends hears of it as well.
    this.#listening.catch(() => {});
    options.signal?.addEventListener('abort', this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
  }

  /** The own address and port, once it listens. */
  address(): ReturnType<Socket['address']> {
    return this.#socket.address();
  }

  /**
   * Sends a payload, with a trailer that makes it pass the gate at `address`. Text goes as UTF-8. A name is looked up
   * for each packet, as node:dgram does it: give an address where that matters.
   *
   * @throws SignedAuthError `ERR_SIGNED_AUTH_NETWORK`, `ERR_SIGNED_AUTH_KEY`, `ERR_ABORTED` when the socket is closed.
   */
  async send(payload: Uint8Array | string, port: number, address: string): Promise<void> {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    checkBytes('payload', bytes);
    checkInteger('port', port, 1, 65535);
    const destination = this.#destination(await this.#resolve(address));
    await this.#transmit(destination, { payload: bytes, port, isAgain: false });
  }

  /** Forgets session and cookie of an address, or of all: what comes next is signed. */
  forget(address?: string): void {
    const keys = address === undefined ? [...this.#destinations.keys()] : [keyOf(address)];
    for (const key of keys) {
      this.#destinations.get(key)?.close();
      this.#destinations.delete(key);
    }
  }

  /** Closes the socket and ends its sessions; resolves when that is done. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.forget();
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  async #bind(port: number): Promise<void> {
    const listening = new Promise<void>((resolve, reject) => {
      this.#socket.once('listening', resolve);
      this.#socket.once('error', reject);
      this.#socket.once('close', () => reject(this.#closedError()));
    });
    this.#socket.bind({ address: this.#options.localAddress, port, exclusive: true });
    await listening;
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const type = messageType(datagram);
    if (type === undefined) this.emit('message', datagram, from);
    if (type !== MessageType.CHALLENGE) return;
    const destination = this.#destinations.get(keyOf(from.address));
    const refused = destination?.refused(decodeChallenge(datagram), from.port);
    // Nobody waits for it: what cannot be sent again is lost, as packets are.
    if (destination && refused) this.#transmit(destination, refused).catch(() => {});
  }

  async #transmit(destination: Destination, sent: SentPacket): Promise<void> {
    this.#throwIfClosed();
    await this.#listening.catch((error) => this.#fail(destination, error));
    const packet = await destination.packet(sent, this.#socket.address().port);
    this.#throwIfClosed();
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(packet, sent.port, destination.address, (error) => {
        if (error) reject(unreachable(destination.address, error));
        else resolve();
      });
    });
  }

  #fail({ address }: Destination, error: Error): never {
    throw error instanceof SignedAuthError ? error : unreachable(address, error);
  }

  #destination(address: string): Destination {
    const key = keyOf(address);
    const known = this.#destinations.get(key);
    if (known) return known;
    const { signer, localAddress, session = true } = this.#options;
    const destination = new Destination({
      signer,
      address,
      type: this.#type,
      cookieLifetime: this.#cookieLifetime,
      localAddress,
      upgrade: session ? this.#upgradeOf(address) : undefined,
    });
    this.#destinations.set(key, destination);
    return destination;
  }

  #upgradeOf(address: string): UpgradeOptions {
    const { signer, localAddress, controlPort: port } = this.#options;
    return {
      open: (signal) => openSession({ signer, localAddress, port, host: address, signal }),
      onSession: (session) => this.emit('session', session, address),
      onError: (error) => this.emit('sessionError', error, address),
    };
  }

  async #resolve(host: string): Promise<string> {
    const family = this.#type === 'udp6' ? 6 : 4;
    if (isIP(host) === family) return host;
    if (isIP(host))
      throw new TypeError(`address is ${host}, expected one of IPv${family} for a ${this.#type} socket`);
    try {
      const { address } = await lookup(host, { family });
      return address;
    } catch (cause) {
      const message = `cannot resolve ${host}: ${(cause as Error).message}`;
      throw new SignedAuthError('ERR_SIGNED_AUTH_NETWORK', message, { cause });
    }
  }

  #throwIfClosed(): void {
    if (this.#closed) throw this.#closedError();
  }

  #closedError(): SignedAuthError {
    const cause = this.#options.signal?.reason;
    return new SignedAuthError('ERR_ABORTED', 'the socket is closed', cause === undefined ? {} : { cause });
  }
}

/** One form for each address: without its zone, IPv4 in IPv6 as IPv4. */
function keyOf(address: string): string {
  return formatAddress(addressBytes(address.replace(/%.*/, '')));
}

function unreachable(address: string, cause: Error): SignedAuthError {
  return new SignedAuthError('ERR_SIGNED_AUTH_NETWORK', `cannot send to ${address}: ${cause.message}`, {
    cause,
  });
}
