import { createSocket, type Socket } from 'node:dgram';
import { rmSync } from 'node:fs';
import { Netns } from '../../../core/test/support/netns.js';
import { ContentVerifier, type ContentVerifierOptions, type ReasonName } from '../../src/index.js';

/*
 *   sender                       receiver
 *   a0 10.98.0.2 --------------- b0 10.98.0.1     ports are protected here
 *      fd98::2                      fd98::1
 */

export const PORT = 4430;
export const RECEIVER = { ipv4: '10.98.0.1', ipv6: 'fd98::1' } as const;
export const SENDER = { ipv4: '10.98.0.2', ipv6: 'fd98::2' } as const;
export type Family = keyof typeof RECEIVER;
export const FAMILIES = ['ipv4', 'ipv6'] as const;

/** Emulated machines are slow. */
export const WAIT_MS = process.env.CRYPTBPF_VM ? 30_000 : 10_000;

let labs = 0;

export class Lab implements Disposable {
  readonly sender = Netns.create();
  readonly receiver = Netns.create();
  readonly pinPath = `/sys/fs/bpf/cryptbpf-cas-${process.pid}-${labs++}`;
  /** What came to the application. */
  readonly seen: Buffer[] = [];
  readonly #verifiers: ContentVerifier[] = [];
  readonly #sockets: Socket[] = [];

  constructor() {
    Netns.addVeth(this.sender, this.receiver, ['a0', 'b0']);
    for (const family of FAMILIES) {
      const bits = family === 'ipv4' ? 24 : 64;
      this.sender.addAddress('a0', `${SENDER[family]}/${bits}`);
      this.receiver.addAddress('b0', `${RECEIVER[family]}/${bits}`);
      const socket = this.#open(this.receiver, RECEIVER[family], PORT);
      socket.on('message', (message) => this.seen.push(message));
    }
  }

  /** At the receiver, for what comes in. */
  async protect(changes: Partial<ContentVerifierOptions> = {}): Promise<ContentVerifier> {
    return this.attach(this.receiver, { interface: 'b0', ports: [PORT], ...changes });
  }

  /** At the sender, for what leaves. */
  async guard(changes: Partial<ContentVerifierOptions> = {}): Promise<ContentVerifier> {
    return this.attach(this.sender, { interface: 'a0', egressPorts: [PORT], ...changes });
  }

  async attach(namespace: Netns, options: ContentVerifierOptions): Promise<ContentVerifier> {
    const verifier = await namespace.run(() => ContentVerifier.attach({ pinPath: this.pinPath, ...options }));
    this.#verifiers.push(verifier);
    return verifier;
  }

  /** From the sender to the receiver. Resolves when the kernel has taken it: with an error's code when it did not. */
  async send(family: Family, payload: Uint8Array): Promise<string> {
    const socket = this.#open(this.sender, SENDER[family], 0);
    return new Promise((resolve) => {
      socket.send(payload, PORT, RECEIVER[family], (error) =>
        resolve((error as { code?: string })?.code ?? 'sent'),
      );
    });
  }

  [Symbol.dispose](): void {
    for (const verifier of this.#verifiers) verifier.close();
    for (const socket of this.#sockets) socket.close();
    this.sender[Symbol.dispose]();
    this.receiver[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
  }

  /** Bound at once, since a namespace is entered for a moment only. */
  #open(namespace: Netns, address: string, port: number): Socket {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    const lookup = ((host: string, ...rest: unknown[]) => {
      (rest.at(-1) as (error: null, address: string) => void)(null, host);
    }) as never;
    const socket = namespace.run(() =>
      createSocket({ type, lookup, recvBufferSize: 4 * 2 ** 20 }).bind(port, address),
    );
    socket.on('error', () => {});
    this.#sockets.push(socket);
    return socket;
  }
}

export function packets(stats: ReturnType<ContentVerifier['stats']>, reason: ReasonName): number {
  return Number(stats[reason].packets);
}

/** Waits until condition holds. Returns whether it did. */
export async function until(condition: () => boolean): Promise<boolean> {
  for (const end = Date.now() + WAIT_MS; !condition(); ) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
