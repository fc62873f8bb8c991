import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Netns } from '../../../core/test/support/netns.js';
import { type ProofOptions, type ProversOf, ZkpFilter, type ZkpOptions } from '../../src/index.js';

/*
 *   client                     server
 *   c0 10.98.0.2 ------------- s0 10.98.0.1     the gate is here
 *      10.98.0.3                  fd98::1       port 2222, TCP and UDP, is a service that knows nothing of proofs
 *      fd98::2
 */

export const PORT = 2222;
export const AUDIENCE = 'ssh.example';
export const SERVER = { ipv4: '10.98.0.1', ipv6: 'fd98::1' };
export const CLIENT = { ipv4: '10.98.0.2', ipv6: 'fd98::2' };

/** Emulated machines are slow. */
const IS_SLOW = process.env.CRYPTBPF_VM !== undefined;
/** Waited for in vain where no answer is expected. */
const WAIT_MS = IS_SLOW ? 4_000 : 700;
/** For an answer that is expected. */
const TIMEOUT_MS = IS_SLOW ? 40_000 : 15_000;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let labs = 0;

export type Family = keyof typeof SERVER;

/** What the client's half of the package takes, as JSON has it. */
export interface ProverSpec {
  make: string;
  options: Record<string, unknown>;
}

export class Lab implements Disposable {
  readonly client = Netns.create();
  readonly server = Netns.create();
  readonly pinPath = `/sys/fs/bpf/cryptbpf-zkp-${process.pid}-${labs++}`;
  readonly #gates: ZkpFilter[] = [];
  #peer!: ChildProcess;
  #answers!: Interface;

  static async create(): Promise<Lab> {
    const lab = new Lab();
    Netns.addVeth(lab.client, lab.server, ['c0', 's0']);
    for (const address of [`${CLIENT.ipv4}/24`, '10.98.0.3/24', `${CLIENT.ipv6}/64`])
      lab.client.addAddress('c0', address);
    for (const [family, bits] of [
      ['ipv4', 24],
      ['ipv6', 64],
    ] as const)
      lab.server.addAddress('s0', `${SERVER[family]}/${bits}`);
    await lab.#start();
    return lab;
  }

  async attach<Proofs extends ProofOptions>(
    proof: Proofs,
    changes: Partial<ZkpOptions> = {},
  ): Promise<ZkpFilter<ProversOf<Proofs>>> {
    const options = {
      interface: 's0',
      ports: [PORT],
      audience: AUDIENCE,
      pinPath: this.pinPath,
      ...changes,
      proof,
    };
    /* A namespace is entered for a moment only: everything up to the first await runs there. */
    const filter = await this.server.run(() => ZkpFilter.attach<Proofs>(options));
    this.#gates.push(filter as unknown as ZkpFilter);
    return filter;
  }

  /** What the client gets from the service: its greeting, 'silence', or an errno. */
  tcp(family: Family, wait: number): Promise<string> {
    return this.#ask({ command: 'tcp', host: SERVER[family], port: PORT, wait });
  }

  udp(family: Family, wait: number): Promise<string> {
    return this.#ask({ command: 'udp', host: SERVER[family], port: PORT, wait });
  }

  /** 'open' or 'silent', if both say the same: where silence is expected. */
  async reaches(family: Family, wait = WAIT_MS): Promise<string> {
    const [tcp, udp] = [await this.tcp(family, wait), await this.udp(family, wait)];
    if (tcp === 'SSH-2.0-Example' && udp === 'hello') return 'open';
    return tcp === 'silence' && udp === 'silence' ? 'silent' : `${tcp}, ${udp}`;
  }

  /** The same where an answer is expected, which a busy machine gives late. */
  opens(family: Family): Promise<string> {
    return this.reaches(family, TIMEOUT_MS);
  }

  /** 'admitted', or the reason for a refusal. */
  async prove(family: Family, { make, options }: ProverSpec): Promise<string> {
    const given = { command: 'prove', host: SERVER[family], make, options, timeout: TIMEOUT_MS };
    const { refused } = await this.#ask<{ refused?: string }>(given);
    return refused ?? 'admitted';
  }

  [Symbol.dispose](): void {
    for (const gate of this.#gates) this.server.run(() => gate.close());
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    const service = this.server.spawn(process.execPath, [script('service.mjs'), String(PORT)], {
      stdio: [...stdio],
    });
    this.#peer = this.client.spawn(process.execPath, [script('peer.mjs')], { stdio: [...stdio] });
    this.#answers = createInterface({ input: this.#peer.stdout! });
    await Promise.all([once(service.stdout!, 'data'), once(this.#answers, 'line')]);
  }

  async #ask<Answer>(request: object): Promise<Answer> {
    const toHex = (_key: string, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
    const answer = once(this.#answers, 'line');
    this.#peer.stdin!.write(`${JSON.stringify(request, toHex)}\n`);
    const [line] = await answer;
    return JSON.parse(String(line));
  }
}
