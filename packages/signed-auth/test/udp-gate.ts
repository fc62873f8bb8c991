import { type KeyObject, randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { addressBytes } from '@cryptbpf/core/gate-client';
import {
  acceptSession,
  knockHolds,
  readSession,
  readSigned,
  sessionRequestHolds,
  tagHolds,
  trailerType,
} from './client-verifier.js';

export interface Received {
  kind: 'signed' | 'cookie' | 'session';
  payload: string;
  counter: bigint;
}

/** What is sent back for a message to the control port: any number of datagrams. */
export type Script = (message: Buffer, index: number, honest: () => Buffer[]) => Buffer[];

/** A gate in user space, with an echo service behind it, on two ports of the loopback interface. */
export class UdpGate implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly refused: string[] = [];
  readonly control: Buffer[] = [];
  /** Packets without a cookie are answered with one. */
  isLoaded = false;
  lifetime = 3600;
  bindAddress = false;
  script: Script = (_, __, honest) => honest();
  readonly #data: Socket;
  readonly #control: Socket;
  readonly #key: KeyObject;
  readonly #audience: string;
  readonly #cookies = new Set<string>();
  readonly #spent = new Set<string>();
  readonly #counters = new Set<string>();
  readonly #sessions = new Map<bigint, Buffer>();

  private constructor(sockets: [Socket, Socket], key: KeyObject, audience: string) {
    [this.#data, this.#control] = sockets;
    this.#key = key;
    this.#audience = audience;
    this.#data.on('message', (packet, from) => this.#packet(packet, from));
    this.#control.on('message', (message, from) => this.#message(message, from));
  }

  static async open(key: KeyObject, audience: string, address = '127.0.0.1'): Promise<UdpGate> {
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const sockets: [Socket, Socket] = [createSocket(type), createSocket(type)];
    for (const socket of sockets) {
      socket.bind(0, address);
      await once(socket, 'listening');
    }
    return new UdpGate(sockets, key, audience);
  }

  get port(): number {
    return this.#data.address().port;
  }

  get controlPort(): number {
    return this.#control.address().port;
  }

  /** How many messages of a type came to the control port. */
  count(type: number): number {
    return this.control.filter((message) => message[5] === type).length;
  }

  /** Forgets its sessions, as a gate does that was made anew. */
  forget(): void {
    this.#sessions.clear();
  }

  /** Sends from the port of the service. */
  say(datagram: Buffer, port: number, address: string): void {
    this.#data.send(datagram, port, address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#data, this.#control]) {
      socket.close();
      await once(socket, 'close');
    }
  }

  #packet(packet: Buffer, from: RemoteInfo): void {
    const received = trailerType(packet) === 3 ? this.#session(packet) : this.#signed(packet, from);
    if (typeof received === 'string') {
      this.refused.push(received);
      return;
    }
    this.received.push(received);
    this.#data.send(`echo ${received.payload}`, from.port, from.address);
  }

  #session(packet: Buffer): Received | string {
    const { sessionId, payload, counter } = readSession(packet);
    const key = this.#sessions.get(sessionId);
    if (!key) return 'session unknown';
    if (!tagHolds(key, packet)) return 'session tag';
    return this.#once(`session ${sessionId}`, { kind: 'session', payload: payload.toString(), counter });
  }

  #signed(packet: Buffer, from: RemoteInfo): Received | string {
    if (trailerType(packet) === 0) return 'unsigned';
    const addresses = this.bindAddress ? this.#addresses(from) : undefined;
    const read = readSigned(packet, { audience: this.#audience, key: this.#key, addresses });
    const cookie = read.cookie?.toString('hex');
    if (this.isLoaded && !(cookie && this.#cookies.has(cookie))) return this.#demand(read.counter, from);
    if (!read.holds) return 'signature';
    if (Math.abs(read.time - Date.now() / 1000) > 30) return 'time';
    const kind = read.cookie ? 'cookie' : 'signed';
    return this.#once(String(read.instance), {
      kind,
      payload: read.payload.toString(),
      counter: read.counter,
    });
  }

  #once(instance: string, received: Received): Received | string {
    const name = `${instance} ${received.counter}`;
    if (this.#counters.has(name)) return 'replay';
    this.#counters.add(name);
    return received;
  }

  #demand(counter: bigint, from: RemoteInfo): string {
    const transaction = Buffer.alloc(8);
    transaction.writeBigUInt64BE(counter);
    this.#data.send(this.challenge(transaction, from.address), from.port, from.address);
    return 'no cookie';
  }

  #addresses(from: RemoteInfo): Buffer {
    const ports = Buffer.alloc(32);
    ports.writeUInt16BE(from.port, 0);
    ports.writeUInt16BE(this.port, 2);
    return Buffer.concat([addressBytes(from.address), addressBytes(this.#data.address().address), ports]);
  }

  #message(message: Buffer, from: RemoteInfo): void {
    const index = this.count(message[5]!);
    this.control.push(message);
    const honest = () => [this.#answer(message, from)];
    for (const reply of this.script(message, index, honest))
      this.#control.send(reply, from.port, from.address);
  }

  #answer(message: Buffer, from: RemoteInfo): Buffer {
    if (message[5] === 1) return this.challenge(message.subarray(8, 16), from.address);
    const challenge = message.subarray(16, 48);
    const name = challenge.toString('hex');
    const source = Buffer.from(addressBytes(from.address));
    if (!this.#cookies.has(name)) return verdict(message, 95);
    if (this.#spent.has(name)) return verdict(message, 96);
    this.#spent.add(name);
    if (message[5] === 5) return this.#accept(message, source);
    const holds = knockHolds(this.#key, this.#audience, challenge, source, message.subarray(48));
    return verdict(message, holds ? 0 : 97, this.lifetime);
  }

  #accept(request: Buffer, source: Buffer): Buffer {
    if (!sessionRequestHolds(this.#key, this.#audience, source, request)) return verdict(request, 97);
    const id = randomBytes(8).readBigUInt64BE();
    const { accept, key } = acceptSession(request, id, this.lifetime);
    this.#sessions.set(id, key);
    return accept;
  }

  /** A CHALLENGE message with a challenge that this gate knows. */
  challenge(transaction: Buffer, address: string): Buffer {
    const challenge = randomBytes(32);
    challenge.set([1, 0, 1, 0]);
    this.#cookies.add(challenge.toString('hex'));
    return challengeMessage(transaction, challenge, address);
  }
}

export function challengeMessage(transaction: Buffer, challenge: Buffer, address: string): Buffer {
  const header = Buffer.from('5147beef01020000', 'hex');
  return Buffer.concat([header, transaction, challenge, addressBytes(address)]);
}

export function verdict(question: Buffer, status: number, lifetime = 0): Buffer {
  const reply = Buffer.alloc(question.length);
  question.copy(reply, 0, 0, 16);
  reply[5] = 4;
  reply[6] = status;
  reply.writeUInt32BE(status === 0 ? lifetime : 0, 16);
  reply.writeUInt32BE(status === 0 ? Math.floor(lifetime / 4) * 3 : 0, 20);
  return reply;
}
