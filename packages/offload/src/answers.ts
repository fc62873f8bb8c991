import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type PacketGuard, TagGuard } from './client/guard.js';
import { encodePacket, PacketType, segmentsOf } from './client/wire.js';
import { addressOf, type RingRecord } from './requests.js';

const BUFFER_BYTES = 4 * 2 ** 20;

/** Sends answers from where their requests went to. */
export class Answers {
  readonly #sockets = new Map<string, Socket>();
  readonly #onError: (error: Error) => void;
  /** By client or session. */
  #guards = new Map<number, PacketGuard>();
  #failed = 0;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /** Answers that could not be sent. */
  get failed(): number {
    return this.#failed;
  }

  /** Sockets for the addresses that this machine has now; others follow when they are needed. */
  open(ports: readonly number[]): void {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address, scopeid } of addresses)
      for (const port of ports) if (!scopeid) this.#socket(address, port);
  }

  /** Reply keys by client: there are no others any more. */
  setClients(keys: ReadonlyMap<number, Uint8Array>): void {
    for (const guard of this.#guards.values()) guard.wipe();
    this.#guards = new Map([...keys].map(([id, key]) => [id, new TagGuard(key)]));
    for (const key of keys.values()) key.fill(0);
  }

  /** A session, whose answers this guard closes. */
  add(id: number, guard: PacketGuard): void {
    this.#guards.set(id, guard);
  }

  remove(id: number): void {
    this.#guards.get(id)?.wipe();
    this.#guards.delete(id);
  }

  result(record: RingRecord, route: number, result: Uint8Array): void {
    const parts = segmentsOf(result);
    parts.forEach((data, segment) => {
      this.#send(record, { type: PacketType.result, detail: route, segment, segments: parts.length, data });
    });
  }

  error(record: RingRecord, error: number): void {
    const data = new Uint8Array();
    this.#send(record, { type: PacketType.error, detail: error, segment: 0, segments: 1, data });
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.setClients(new Map());
  }

  #send(
    record: RingRecord,
    part: Pick<Parameters<typeof encodePacket>[0], 'type' | 'detail' | 'segment' | 'segments' | 'data'>,
  ): void {
    const { client, key, operation } = record;
    const guard = this.#guards.get(client);
    if (!guard) return; // the client was removed meanwhile: nobody could read it
    const counter = record.counter - BigInt(record.segment);
    const packet = encodePacket({ ...part, client, key, operation, counter }, 0, guard);
    const socket = this.#socket(addressOf(record.destination), record.destinationPort);
    socket.send(packet, record.sourcePort, addressOf(record.source), (error) => {
      if (error) this.#failed++;
    });
  }

  #socket(address: string, port: number): Socket {
    const name = `${address} ${port}`;
    const known = this.#sockets.get(name);
    if (known) return known;
    const socket = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      ipv6Only: isIPv6(address),
      lookup: atOnce as never,
      sendBufferSize: BUFFER_BYTES,
    });
    socket.on('error', (error) => this.#onError(error));
    this.#sockets.set(name, socket);
    return socket.bind(port, address);
  }
}

/** Addresses are no names: nothing to wait for, so that a socket is bound when bind() returns. */
function atOnce(host: string, ...rest: unknown[]): void {
  (rest.at(-1) as (error: null, address: string) => void)(null, host);
}
