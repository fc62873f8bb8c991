import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Netns } from '../../../core/test/support/netns.js';
import { type GateOptions, PowGate, type ReasonName } from '../../src/index.js';

/*
 *   client                     server
 *   c0 10.98.0.2 ------------- s0 10.98.0.1     the gate is here
 *      fd98::2                    fd98::1       TCP 8080 is protected, 8081 is not
 */

export const PORT = 8080;
export const OPEN_PORT = 8081;
export const SERVER = { ipv4: '10.98.0.1', ipv6: 'fd98::1' };
export const CLIENT = { ipv4: '10.98.0.2', ipv6: 'fd98::2' };

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let labs = 0;

export class Lab implements Disposable {
  readonly client = Netns.create();
  readonly server = Netns.create();
  readonly pinPath = `/sys/fs/bpf/cryptbpf-test-${process.pid}-${labs++}`;
  readonly #gates: PowGate[] = [];

  static async create(): Promise<Lab> {
    const lab = new Lab();
    Netns.addVeth(lab.client, lab.server, ['c0', 's0']);
    lab.address();
    await lab.spawnServer();
    return lab;
  }

  /** After the interfaces were made. */
  address(): void {
    this.client.addAddress('c0', `${CLIENT.ipv4}/24`);
    this.client.addAddress('c0', `${CLIENT.ipv6}/64`);
    this.server.addAddress('s0', `${SERVER.ipv4}/24`);
    this.server.addAddress('s0', `${SERVER.ipv6}/64`);
    this.client.xdpPass('c0');
  }

  /** With puzzles that are quick to solve, on s0, pinned below a directory of the test's own. */
  options(changes: Partial<GateOptions> = {}): GateOptions {
    const difficulty = { min: 8, max: 10 };
    return { interface: 's0', ports: [PORT], difficulty, pinPath: this.pinPath, ...changes };
  }

  attach(changes: Partial<GateOptions> = {}): Promise<PowGate> {
    return this.server.run(async () => {
      const gate = await PowGate.attach(this.options(changes));
      this.#gates.push(gate);
      return gate;
    });
  }

  /** A controller that can be killed. */
  async spawnController(changes: Partial<GateOptions> = {}): Promise<ChildProcess> {
    const args = [script('controller.mjs'), JSON.stringify(this.options(changes))];
    return this.#spawn(this.server, args, 'attached');
  }

  async spawnServer(): Promise<ChildProcess> {
    return this.#spawn(this.server, [script('server.mjs'), String(PORT), String(OPEN_PORT)], 'ready');
  }

  /** 'open', 'timeout', or an errno. */
  connect(host: string = SERVER.ipv4, port: number = PORT): string {
    return this.#ask('connect', host, port);
  }

  /** Whole seconds that are enough for some clients to come and go, however slow or busy this machine is. */
  patience(clients: number): number {
    const start = performance.now();
    this.connect(SERVER.ipv4, OPEN_PORT);
    return Math.ceil(1 + (2 * clients * (performance.now() - start)) / 1000);
  }

  /** What requestAccess() gave, or the code of its error. */
  solve(host: string = SERVER.ipv4, port = 22305): { lifetime?: number; source?: string } | string {
    const answer = this.#ask('solve', host, port);
    return answer.startsWith('{') ? JSON.parse(answer) : answer;
  }

  [Symbol.dispose](): void {
    for (const gate of this.#gates) gate.close();
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
  }

  #ask(command: string, host: string, port: number): string {
    return this.client.exec(process.execPath, script('client.mjs'), command, host, String(port)).trim();
  }

  async #spawn(namespace: Netns, args: string[], ready: string): Promise<ChildProcess> {
    const child = namespace.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit').then(() => 'exited');
    const said = once(child.stdout!, 'data').then(([data]) => String(data).trim());
    const first = await Promise.race([said, exited]);
    if (first !== ready) throw new Error(`${args[0]} said "${first}", expected "${ready}"`);
    return child;
  }
}

/** Kills it as nothing can be prepared for, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

export function packets(gate: PowGate, reason: ReasonName): number {
  return Number(gate.stats()[reason].packets);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether an interface has an XDP program. */
export function hasXdp(namespace: Netns, name: string): boolean {
  return execFileSync('ip', ['-n', namespace.name, 'link', 'show', 'dev', name], {
    encoding: 'utf8',
  }).includes('xdp');
}
