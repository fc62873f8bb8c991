import { createSocket, type Socket } from 'node:dgram';
import { rmSync } from 'node:fs';
import { Netns } from '../../../core/test/support/netns.js';
import { OffloadClient } from '../../src/client.js';
import { OffloadManager, type OffloadOptions } from '../../src/index.js';
import { CLIENT, KEYS } from '../support/keys.js';

/*
 *   client                       service
 *   a0 10.99.0.2 --------------- b0 10.99.0.1     requests come in here
 *      fd99::2                      fd99::1
 */

export const PORT = 22310;
export const SERVICE = { ipv4: '10.99.0.1', ipv6: 'fd99::1' } as const;
const CLIENTS = { ipv4: '10.99.0.2', ipv6: 'fd99::2' } as const;
export type Family = keyof typeof SERVICE;

/** Emulated machines are slow. */
export const TIMEOUT_MS = process.env.CRYPTBPF_VM ? 30_000 : 5000;

let labs = 0;

export class Lab implements AsyncDisposable {
  readonly client = Netns.create();
  readonly service = Netns.create();
  readonly pinPath = `/sys/fs/bpf/cryptbpf-offload-${process.pid}-${labs++}`;
  readonly errors: Error[] = [];
  readonly #services: OffloadManager[] = [];
  readonly #closing: (() => void)[] = [];

  constructor() {
    Netns.addVeth(this.client, this.service, ['a0', 'b0']);
    this.client.xdpPass('a0');
    for (const [family, bits] of [
      ['ipv4', 24],
      ['ipv6', 64],
    ] as const) {
      this.client.addAddress('a0', `${CLIENTS[family]}/${bits}`);
      this.service.addAddress('b0', `${SERVICE[family]}/${bits}`);
    }
  }

  async attach(options: Partial<OffloadOptions> = {}): Promise<OffloadManager> {
    const all: OffloadOptions = {
      interface: 'b0',
      ports: [PORT],
      clients: [CLIENT],
      keys: KEYS,
      workers: 1,
      pinPath: this.pinPath,
      onError: (error) => this.errors.push(error),
      ...options,
    };
    const service = await this.service.run(() => OffloadManager.attach(all));
    this.#services.push(service);
    return service;
  }

  /** A client in its namespace, and the socket that it has there. */
  connect(
    family: Family = 'ipv4',
    timeout = TIMEOUT_MS,
    encrypted = false,
  ): { client: OffloadClient; socket: Socket } {
    const lookup = ((host: string, ...rest: unknown[]) => {
      (rest.at(-1) as (error: null, address: string) => void)(null, host);
    }) as never;
    const socket = this.client.run(() =>
      createSocket({ type: family === 'ipv4' ? 'udp4' : 'udp6', lookup, recvBufferSize: 4 * 2 ** 20 }).bind(
        0,
        CLIENTS[family],
      ),
    );
    const send = (packet: Uint8Array) => socket.send(packet, PORT, SERVICE[family]);
    const client = new OffloadClient({ ...CLIENT, send, encrypted, timeout });
    socket.on('message', (packet) => client.receive(packet));
    socket.on('error', () => {});
    this.#closing.push(
      () => socket.close(),
      () => client.close(),
    );
    return { client, socket };
  }

  async detach(service: OffloadManager): Promise<void> {
    await this.service.run(() => service.detach());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing) close();
    for (const service of this.#services) await service.close();
    this.client[Symbol.dispose]();
    this.service[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
  }
}
