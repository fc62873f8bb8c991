import { checkInteger } from '@cryptbpf/core/gate-client';
import { OffloadError, serviceError } from './errors.js';
import { type PacketGuard, SessionGuard, TagGuard } from './guard.js';
import { clientKeys, sessionSecret } from './keys.js';
import {
  hmacQuestion,
  isValid,
  openQuestion,
  type Question,
  sealQuestion,
  sha256Question,
  verifyQuestion,
} from './operations.js';
import { newShare, openSession, serviceShare, sessionQuestion } from './session.js';
import {
  BODY_MAX,
  clientOf,
  DATA_MAX,
  decodePacket,
  encodePacket,
  type Packet,
  PacketType,
  ROUTES,
  type Route,
  segmentsOf,
} from './wire.js';

export interface OffloadClientOptions {
  /** By which the service knows this client: one process at a time uses it. */
  id: number;
  /** 32 bytes that client and service share. */
  secret: Uint8Array;
  /** Takes one UDP payload to the service. */
  send: (packet: Uint8Array) => void;
  /** Requests and answers are encrypted, in sessions that the client opens and renews. Default false. */
  encrypted?: boolean;
  /** Milliseconds to wait for an answer. Default 1000. */
  timeout?: number;
}

export interface RequestOptions {
  /** Ends the wait. What was sent may be done all the same. */
  signal?: AbortSignal;
  /** Milliseconds, instead of the client's. */
  timeout?: number;
}

/** For AEAD: data that is authenticated, and not sealed. */
export interface AeadOptions extends RequestOptions {
  aad?: Uint8Array;
}

/** Bytes, and which route they came by. */
export interface Answer {
  readonly result: Uint8Array;
  readonly route: Route;
}

/** Who asks: the client itself, or a session of its. */
interface Party {
  readonly id: number;
  readonly request: PacketGuard;
  readonly reply: PacketGuard;
}

interface Pending {
  readonly parts: Uint8Array[];
  received: number;
  resolve(answer: Answer): void;
  reject(error: OffloadError): void;
}

/** Sessions are renewed after three quarters of their lifetime. */
const RENEW_MS = 750;
/** OFFLOAD_FAILED. */
const FAILED = 8;

/** Counters begin at the time, in microseconds: higher than all that an earlier process used. */
const nowCounter = (): bigint => BigInt(Date.now()) * 1000n;

/**
 * Asks a service for operations; the transport is the caller's, in any JavaScript runtime: `send` takes packets there,
 * and receive() gets what comes back. Node has `connect` of `@cryptbpf/offload/udp`.
 *
 * ```ts
 * const client = new OffloadClient({ id: 7, secret, send: (packet) => socket.send(packet) });
 * socket.on('message', (packet) => client.receive(packet));
 * const digest = await client.sha256(data);
 * ```
 */
export class OffloadClient implements Disposable {
  readonly #send: (packet: Uint8Array) => void;
  readonly #timeout: number;
  readonly #self: Party;
  readonly #sessionSecret: Uint8Array | undefined;
  /** The one to ask in, and the one before it, whose answers may be under way. */
  #sessions: Party[] = [];
  #opening: Promise<Party> | undefined;
  #renewAtMs = 0;
  readonly #pending = new Map<bigint, Pending>();
  #counter = nowCounter();
  #isClosed = false;

  /** Throws TypeError, RangeError. */
  constructor({ id, secret, send, encrypted = false, timeout = 1000 }: OffloadClientOptions) {
    checkInteger('id', id, 0, 0xffff_fffe);
    checkInteger('timeout', timeout, 1, 2 ** 31 - 1);
    const keys = clientKeys(secret);
    this.#send = send;
    this.#timeout = timeout;
    this.#self = { id, request: new TagGuard(keys.request), reply: new TagGuard(keys.reply) };
    this.#sessionSecret = encrypted ? sessionSecret(secret) : undefined;
    for (const key of [keys.request, keys.reply]) key.fill(0);
  }

  /** The digest, 32 bytes. All that is asked for rejects with OffloadError; throws RangeError for data above 64 KiB. */
  async sha256(data: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    return (await this.ask(sha256Question(data), options)).result;
  }

  /** The tag, 32 bytes, under a key of the service's. */
  async hmac(key: number, data: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    return (await this.ask(hmacQuestion(key, data), options)).result;
  }

  /** AES-256-GCM: nonce, which the service chooses, ciphertext and tag. */
  async seal(key: number, text: Uint8Array, { aad, ...options }: AeadOptions = {}): Promise<Uint8Array> {
    return (await this.ask(sealQuestion(key, text, aad), options)).result;
  }

  /** What seal() sealed. Rejects with ERR_OFFLOAD_FORGED for all else. */
  async open(key: number, sealed: Uint8Array, { aad, ...options }: AeadOptions = {}): Promise<Uint8Array> {
    return (await this.ask(openQuestion(key, sealed, aad), options)).result;
  }

  /** Whether the ECDSA signature (P-256, SHA-256, r and s: 64 bytes) is that of the service's key. */
  async verify(
    key: number,
    message: Uint8Array,
    signature: Uint8Array,
    options?: RequestOptions,
  ): Promise<boolean> {
    return isValid((await this.ask(verifyQuestion(key, message, signature), options)).result);
  }

  /** Any of them, with the route that it was done by. */
  async ask(question: Question, options: RequestOptions = {}): Promise<Answer> {
    const party = this.#sessionSecret ? await this.#session(options) : this.#self;
    return this.#ask(party, question, options).answer;
  }

  /** The session to ask in: opened when there is none, or when it is old. */
  #session(options: RequestOptions): Party | Promise<Party> {
    const [session] = this.#sessions;
    if (session && performance.now() < this.#renewAtMs) return session;
    this.#opening ??= this.#openSession(options).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openSession(options: RequestOptions): Promise<Party> {
    const share = newShare();
    const { answer, counter } = this.#ask(this.#self, sessionQuestion(share), { timeout: options.timeout });
    const result = await answer.then(
      (found) => found.result,
      (error) => {
        share.secret.fill(0);
        throw error;
      },
    );
    const exchange = { client: this.#self.id, counter, request: share.public, result };
    const session = openSession(this.#sessionSecret!, share, serviceShare(result), exchange);
    if (!session) throw serviceError(FAILED);
    const { id, keys } = session;
    const party = { id, request: new SessionGuard(keys.request), reply: new SessionGuard(keys.reply) };
    this.#renewAtMs = performance.now() + session.lifetimeSeconds * RENEW_MS;
    this.#sessions = [party, ...this.#sessions.slice(0, 1)];
    return party;
  }

  /** The answer, and under which counter it is expected. */
  #ask(
    party: Party,
    question: Question,
    { signal, timeout = this.#timeout }: RequestOptions,
  ): { answer: Promise<Answer>; counter: bigint } {
    if (this.#isClosed) return { answer: Promise.reject(closed()), counter: 0n };
    if (signal?.aborted) return { answer: Promise.reject(aborted(signal)), counter: 0n };
    if (this.#pending.size === 0) this.#takeUpTime();
    const packets = this.#encode(party, question);
    const counter = this.#counter - BigInt(packets.length);
    const answer = this.#await(counter, packets, signal, timeout);
    return { answer, counter };
  }

  #await(
    first: bigint,
    packets: readonly Uint8Array[],
    signal: AbortSignal | undefined,
    timeout: number,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(first, timeout), timeout);
      const abort = () => this.#end(first)?.reject(aborted(signal!));
      const ending =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', abort);
          end(value);
        };
      signal?.addEventListener('abort', abort, { once: true });
      this.#pending.set(first, {
        parts: [],
        received: 0,
        resolve: ending(resolve),
        reject: ending(reject),
      });
      this.#transmit(first, packets);
    });
  }

  /** A UDP payload that came from the service. What is none of its answers is passed over. */
  receive(bytes: Uint8Array): void {
    const id = clientOf(bytes);
    const party = [this.#self, ...this.#sessions].find((one) => one.id === id);
    const packet = party && decodePacket(bytes, party.reply);
    if (!packet) return;
    if (packet.type === PacketType.error) this.#end(packet.counter)?.reject(serviceError(packet.detail));
    else if (packet.type === PacketType.result) this.#accept(packet);
  }

  /** Forgets the keys; what is pending is rejected. */
  close(): void {
    this.#isClosed = true;
    for (const counter of [...this.#pending.keys()]) this.#end(counter)?.reject(closed());
    for (const { request, reply } of [this.#self, ...this.#sessions])
      for (const guard of [request, reply]) guard.wipe();
    this.#sessionSecret?.fill(0);
    this.#sessions = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Packets for data and for the room that the result needs. */
  #encode({ id, request }: Party, { operation, key, data, room }: Question): Uint8Array[] {
    const padded = new Uint8Array(Math.min(DATA_MAX, Math.max(data.length, room)));
    const segments = segmentsOf(padded);
    return segments.map(({ length }, segment) => {
      const part = data.subarray(segment * BODY_MAX, (segment + 1) * BODY_MAX);
      const head = { type: PacketType.request, operation, detail: 0, client: id, key };
      const place = { segment, segments: segments.length, counter: this.#counter++ };
      return encodePacket({ ...head, ...place, data: part }, length, request);
    });
  }

  #transmit(counter: bigint, packets: readonly Uint8Array[]): void {
    try {
      for (const packet of packets) this.#send(packet);
    } catch (cause) {
      this.#end(counter)?.reject(
        new OffloadError('ERR_OFFLOAD_NETWORK', 'the request could not be sent', { cause }),
      );
    }
  }

  /** A service that was started anew takes no counters from before. */
  #takeUpTime(): void {
    const now = nowCounter();
    if (now > this.#counter) this.#counter = now;
  }

  /** The service may have been started anew: it takes no counters from before, and has no sessions. */
  #expire(counter: bigint, timeout: number): void {
    this.#takeUpTime();
    this.#renewAtMs = 0;
    const message = `no answer within ${timeout} ms: is the service up, and are id and secret right?`;
    this.#end(counter)?.reject(new OffloadError('ERR_OFFLOAD_TIMEOUT', message));
  }

  #accept({ counter, segment, segments, data, detail }: Packet): void {
    const pending = this.#pending.get(counter);
    if (!pending || segment >= segments || pending.parts[segment]) return;
    pending.parts[segment] = data;
    if (++pending.received < segments) return;
    this.#end(counter);
    pending.resolve({ result: join(pending.parts), route: ROUTES[detail] ?? 'userspace' });
  }

  /** What is pending under this counter: nobody else finds it. */
  #end(counter: bigint): Pending | undefined {
    const pending = this.#pending.get(counter);
    this.#pending.delete(counter);
    return pending;
  }
}

function closed(): OffloadError {
  return new OffloadError('ERR_OFFLOAD_CLOSED', 'the client is closed');
}

function aborted(signal: AbortSignal): OffloadError {
  return new OffloadError('ERR_OFFLOAD_ABORTED', 'aborted by the caller', { cause: signal.reason });
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
