import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bpf } from '../../../core/src/ffi/bpf.js';
import { interfaceIndex } from '../../../core/src/interface.js';
import { Netns } from '../../../core/test/support/netns.js';

export const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const PROG_QUERY = 16;
const TCX_INGRESS = 46;

/** union bpf_attr: an interface, a hook, and after the query how many programs are there. */
function tcxPrograms(ifindex: number): number {
  let count = 0;
  bpf(
    PROG_QUERY,
    64,
    (view) => {
      view.setUint32(0, ifindex, true);
      view.setUint32(4, TCX_INGRESS, true);
    },
    (view) => {
      count = view.getUint32(24, true);
    },
  );
  return count;
}

export const NO_PRIVILEGE = ['--bounding-set', '-all', '--inh-caps', '-all', '--ambient-caps', '-all'];

/** The built command in a network namespace of its own, with an interface in0, a folder and a place for pins. */
export class Place implements Disposable {
  readonly ns = Netns.create();
  readonly folder = mkdtempSync(join(tmpdir(), 'cryptbpf-cli-'));
  readonly pinPath = `/sys/fs/bpf/cryptbpf-cli-${process.pid}`;
  readonly pins = ['--pin-path', this.pinPath];
  readonly #running = new Set<ChildProcess>();

  /** Another machine, at the other end of in0: 10.97.0.2; this one is 10.97.0.1. */
  readonly peer: Netns;

  constructor({ withPeer = false } = {}) {
    this.peer = withPeer ? Netns.create() : this.ns;
    Netns.addVeth(this.ns, this.peer, ['in0', 'in1']);
    if (!withPeer) return;
    this.ns.addAddress('in0', '10.97.0.1/24');
    this.peer.addAddress('in1', '10.97.0.2/24');
    this.peer.xdpPass('in1');
  }

  /** On the other machine, without any privilege. */
  asPeer(input: string, ...args: string[]) {
    const inside = [
      `--net=/run/netns/${this.peer.name}`,
      'setpriv',
      ...NO_PRIVILEGE,
      process.execPath,
      cli,
      ...args,
    ];
    const { status, stdout, stderr } = spawnSync('nsenter', inside, { encoding: 'utf8', input });
    return { status, stdout: stdout.trim(), stderr: stderr.trim() };
  }

  run(...args: string[]) {
    const { status, stdout, stderr } = spawnSync('nsenter', this.#inside(args), { encoding: 'utf8' });
    return { status, stdout: stdout.trim(), stderr: stderr.trim() };
  }

  /** What it prints with --json. */
  json(...args: string[]) {
    const { stdout, stderr } = this.run(...args, '--json');
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  }

  /** Until its first line, which says that it is up. */
  async start(...args: string[]) {
    const child = spawn('nsenter', this.#inside([...args, '--json']), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#running.add(child);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const line = async () => JSON.parse((await lines.next()).value);
    return {
      first: await line(),
      line,
      async end(signal: NodeJS.Signals) {
        const exited = once(child, 'exit');
        child.kill(signal);
        return exited;
      },
    };
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Whether any program looks at what comes in by in0: XDP, or TCX, which kernels have from 6.6 on. */
  get isGuarded(): boolean {
    return this.hasXdp || this.ns.run(() => tcxPrograms(interfaceIndex('in0'))) > 0;
  }

  get hasXdp(): boolean {
    return /prog\/xdp/.test(this.ns.ip('link', 'show', 'in0'));
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) child.kill('SIGKILL');
    this.ns[Symbol.dispose]();
    this.peer[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }

  #inside(args: string[]): string[] {
    return [`--net=/run/netns/${this.ns.name}`, process.execPath, cli, ...args];
  }
}
