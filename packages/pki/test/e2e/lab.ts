import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Netns } from '../../../core/test/support/netns.js';
import { type PkiOptions, PkiValidator, type ReasonName } from '../../src/index.js';
import { type Issued, OpenSsl } from '../support/openssl.js';

/*
 *   client                     server
 *   c0 10.97.0.2 ------------- s0 10.97.0.1     the gate is here
 *      fd97::2                    fd97::1       TCP 8080 and UDP 8080 echo, and are protected
 */

export const PORT = 8080;
export const AUDIENCE = 'echo.example';
export const SERVER = { ipv4: '10.97.0.1', ipv6: 'fd97::1' };
export const CLIENT = { ipv4: '10.97.0.2', ipv6: 'fd97::2' };

/** Emulated machines are slow. */
export const WAIT_MS = process.env.CRYPTBPF_VM ? 8_000 : 2_000;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let labs = 0;

export class Lab implements Disposable {
  readonly client = Netns.create();
  readonly server = Netns.create();
  readonly ssl = new OpenSsl();
  readonly pinPath = `/sys/fs/bpf/cryptbpf-pki-${process.pid}-${labs++}`;
  readonly #gates: PkiValidator[] = [];

  static async create(): Promise<Lab> {
    const lab = new Lab();
    Netns.addVeth(lab.client, lab.server, ['c0', 's0']);
    lab.client.addAddress('c0', `${CLIENT.ipv4}/24`);
    lab.client.addAddress('c0', `${CLIENT.ipv6}/64`);
    lab.server.addAddress('s0', `${SERVER.ipv4}/24`);
    lab.server.addAddress('s0', `${SERVER.ipv6}/64`);
    await lab.spawn(lab.server, [script('server.mjs'), String(PORT)], 'ready');
    return lab;
  }

  options(changes: Partial<PkiOptions>): PkiOptions {
    const { pinPath } = this;
    return {
      interface: 's0',
      ports: [PORT],
      audience: AUDIENCE,
      anchors: [],
      names: 'any',
      pinPath,
      ...changes,
    };
  }

  async attach(changes: Partial<PkiOptions>): Promise<PkiValidator> {
    const validator = await this.server.run(() => PkiValidator.attach(this.options(changes)));
    this.#gates.push(validator);
    return validator;
  }

  /** A client that stays, and presents what it is given: as present(), without a process for each. */
  async presenter(): Promise<(options: object) => Promise<Presented>> {
    const client = await this.spawn(this.client, [script('client.mjs'), 'serve'], 'ready');
    const lines = createInterface({ input: client.stdout! });
    return async (options) => {
      const answer = once(lines, 'line');
      const given = { host: SERVER.ipv4, audience: AUDIENCE, timeout: WAIT_MS * 2, ...options };
      client.stdin!.write(`${JSON.stringify(given)}\n`);
      const [line] = await answer;
      return JSON.parse(line as string);
    };
  }

  /** What presentCertificate() gave, or the reason of its refusal. */
  present(
    holder: Issued,
    above: readonly Issued[] = [],
    host: string = SERVER.ipv4,
    extra: object = {},
  ): Presented {
    const chain = [holder, ...above].map(({ certificate }) => certificate).join('\n');
    const options = { host, chain, key: holder.key, audience: AUDIENCE, timeout: WAIT_MS * 2, ...extra };
    const said = this.client.exec(process.execPath, script('client.mjs'), 'present', JSON.stringify(options));
    return JSON.parse(said);
  }

  /** 'open', 'timeout' or an errno, of a TCP connection that is said hello over. */
  connect(host: string = SERVER.ipv4): string {
    return this.client
      .exec(process.execPath, script('client.mjs'), 'connect', host, String(PORT), String(WAIT_MS))
      .trim();
  }

  /** The same of a UDP datagram. */
  datagram(host: string = SERVER.ipv4): string {
    return this.client
      .exec(process.execPath, script('client.mjs'), 'datagram', host, String(PORT), String(WAIT_MS))
      .trim();
  }

  /** A process inside, which says a word when it is ready: soon, or never. */
  async spawn(namespace: Netns, args: string[], ready: string): Promise<ChildProcess> {
    const child = namespace.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit').then(() => 'exited');
    const said = once(child.stdout!, 'data').then(([data]) => String(data).split('\n')[0]);
    const late = sleep(10 * WAIT_MS, 'nothing', { ref: false });
    const first = await Promise.race([said, exited, late]);
    if (first !== ready) throw new Error(`${args[0]} said "${first}", expected "${ready}"`);
    return child;
  }

  /** Of what a test left up. */
  closeGates(): void {
    for (const gate of this.#gates.splice(0)) this.server.run(() => gate.close());
  }

  [Symbol.dispose](): void {
    this.closeGates();
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
    this.ssl[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
  }
}

export interface Presented {
  lifetime?: number;
  source?: string;
  code?: string;
  reason?: ReasonName;
  message?: string;
}

export function packets(gate: PkiValidator, reason: ReasonName): number {
  return Number(gate.stats()[reason].packets);
}
