import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import type { Netns } from '../../../core/test/support/netns.js';

/* Debian's wireguard-go, an implementation by others, in a network namespace of a test. */

let started = 0;

export interface WgPeer {
  readonly publicKey: string;
  readonly presharedKey?: string;
  readonly allowedIPs?: string;
  readonly endpoint?: string;
  readonly persistentKeepalive?: number;
}

export class WireguardGo {
  readonly name: string;
  readonly #namespace: Netns;
  readonly #privateKey: string;
  readonly #addresses: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(namespace: Netns, privateKey: string, addresses: readonly string[]) {
    this.name = `wg${process.pid}x${started++}`;
    this.#namespace = namespace;
    this.#privateKey = privateKey;
    this.#addresses = addresses;
  }

  /** It ends with the namespace. */
  static async start(namespace: Netns, privateKey: string, ...addresses: string[]): Promise<WireguardGo> {
    const wireguard = new WireguardGo(namespace, privateKey, addresses);
    await wireguard.#start();
    return wireguard;
  }

  get port(): number {
    return Number(this.#namespace.exec('wg', 'show', this.name, 'listen-port'));
  }

  /** On the same port, without the peers that it had. */
  async restart(): Promise<void> {
    const { port } = this;
    this.#process!.kill('SIGKILL');
    await once(this.#process!, 'exit');
    await this.#start(port);
  }

  /** On another port, with all that it knows. */
  listen(port: number): void {
    this.#namespace.exec('wg', 'set', this.name, 'listen-port', `${port}`);
  }

  async #start(port = 0): Promise<void> {
    const control = `/var/run/wireguard/${this.name}.sock`;
    const remove = () => rmSync(control, { force: true });
    remove();
    this.#namespace.own({ [Symbol.dispose]: remove });
    this.#process = this.#namespace.spawn('wireguard-go', ['-f', this.name], { stdio: 'ignore' });
    await until(() => existsSync(control));
    this.#configure(`[Interface]\nPrivateKey = ${this.#privateKey}\nListenPort = ${port}\n`);
    this.#namespace.ip('link', 'set', this.name, 'up');
    for (const address of this.#addresses) this.#namespace.addAddress(this.name, address);
  }

  addPeer({ publicKey, presharedKey, allowedIPs, endpoint, persistentKeepalive }: WgPeer): void {
    const lines = [`[Peer]\nPublicKey = ${publicKey}`];
    if (allowedIPs) lines.push(`AllowedIPs = ${allowedIPs}`);
    if (presharedKey) lines.push(`PresharedKey = ${presharedKey}`);
    if (endpoint) lines.push(`Endpoint = ${endpoint}`);
    if (persistentKeepalive) lines.push(`PersistentKeepalive = ${persistentKeepalive}`);
    this.#configure(`${lines.join('\n')}\n`);
  }

  /** What `wg show` says of the peer with that key. */
  peer(publicKey: string): { endpoint: string; handshakeSeconds: number; received: number; sent: number } {
    const lines = this.#namespace.exec('wg', 'show', this.name, 'dump').trim().split('\n').slice(1);
    const fields = lines.map((line) => line.split('\t')).find(([key]) => key === publicKey);
    if (!fields) throw new Error(`wireguard-go has no peer ${publicKey}`);
    return {
      endpoint: fields[2]!,
      handshakeSeconds: Number(fields[4]),
      received: Number(fields[5]),
      sent: Number(fields[6]),
    };
  }

  /** Adds what the text says, as `wg addconf` does. */
  #configure(text: string): void {
    const script = 'printf %s "$2" | wg addconf "$1" /dev/stdin';
    this.#namespace.exec('bash', '-c', script, 'bash', this.name, text);
  }
}

/** Waits for it, as long as it takes on a busy machine. */
export async function until(condition: () => boolean, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
