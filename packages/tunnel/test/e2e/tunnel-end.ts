import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Netns } from '../../../core/test/support/netns.js';
import type { PeerConfig } from '../../src/config/config.js';

const SCRIPT = fileURLToPath(new URL('tunnel-end.mjs', import.meta.url));

/** What Tunnel.up() takes, as JSON. */
export type EndOptions = Readonly<Record<string, unknown>>;

/** stats(), with numbers for bigints and strings for dates. */
export interface EndStats {
  readonly peers: readonly {
    readonly endpoint?: { readonly address: string; readonly port: number };
    readonly lastHandshake?: string;
    readonly sent: { readonly packets: number };
    readonly received: { readonly packets: number };
    readonly drops: Readonly<Record<string, number>>;
  }[];
  readonly drops: Readonly<Record<string, number>>;
  readonly handshakes: Readonly<Record<string, number>>;
}

/** A Tunnel in a process of its own. */
export class TunnelEnd implements Disposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  publicKey = '';
  listenPort = 0;

  private constructor(namespace: Netns, options: EndOptions) {
    const stdio: ['pipe', 'pipe', 'inherit'] = ['pipe', 'pipe', 'inherit'];
    this.#child = namespace.run(() => spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio }));
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  static async up(namespace: Netns, options: EndOptions): Promise<TunnelEnd> {
    const end = new TunnelEnd(namespace, options);
    Object.assign(end, await end.#answer());
    return end;
  }

  async stats(): Promise<EndStats> {
    return (await this.#ask('stats')) as EndStats;
  }

  async addPeer(peer: PeerConfig): Promise<void> {
    await this.#ask('addPeer', peer);
  }

  async down(): Promise<void> {
    await this.#ask('down');
    await this.#ended();
  }

  /** Without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended();
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(command: string, argument?: unknown): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify([command, argument])}\n`);
    return await this.#answer();
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the process of the tunnel has ended');
    const answer = JSON.parse(value);
    if (answer?.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async #ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
