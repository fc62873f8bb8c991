import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { interfaceIndex, openObject, type XdpProgram } from '../../src/index.js';
import { objectUrl } from './objects.js';
import { RawSocket } from './raw-socket.js';

const libc = koffi.load('libc.so.6');
const setns = libc.func('int setns(int fd, int type)');
const CLONE_NEWNET = 0x4000_0000;

const OWN = '/proc/thread-self/ns/net';

const open = new Set<Netns>();
process.once('exit', () => {
  for (const namespace of open) namespace[Symbol.dispose]();
});

let created = 0;

/**
 * A network namespace for a test: `using ns = Netns.create()` removes it, with its interfaces, sockets, programs
 * and processes, also when the test fails; what nobody disposed of goes when the process exits.
 */
export class Netns implements Disposable {
  readonly name: string;
  readonly #fd: number;
  readonly #owned: Disposable[] = [];
  #disposed = false;

  private constructor(name: string) {
    this.name = name;
    this.#fd = openSync(`/run/netns/${name}`, 'r');
  }

  /** Makes one, with its loopback interface up. */
  static create(): Netns {
    const name = `cryptbpf-${process.pid}-${created++}`;
    ip('netns', 'add', name);
    const namespace = new Netns(name);
    open.add(namespace);
    namespace.ip('link', 'set', 'lo', 'up');
    return namespace;
  }

  /** A pair of interfaces that are up: names[0] in a, names[1] in b. */
  static addVeth(a: Netns, b: Netns, names: readonly [string, string]): void {
    ip('link', 'add', names[0], 'netns', a.name, 'type', 'veth', 'peer', 'name', names[1], 'netns', b.name);
    a.ip('link', 'set', names[0], 'up');
    b.ip('link', 'set', names[1], 'up');
  }

  /** Runs iproute2's ip inside. Returns what it printed. */
  ip(...args: string[]): string {
    return ip('-n', this.name, ...args);
  }

  /** Gives an interface an address with its prefix length, such as 10.0.0.1/24 or fd00::1/64: good at once. */
  addAddress(interfaceName: string, address: string): void {
    const noDetection = address.includes(':') ? ['nodad'] : [];
    this.ip('address', 'add', address, 'dev', interfaceName, ...noDetection);
  }

  /** Six bytes. */
  macOf(interfaceName: string): Uint8Array {
    const [link] = JSON.parse(this.ip('-json', 'link', 'show', 'dev', interfaceName)) as {
      address: string;
    }[];
    return Uint8Array.from(link!.address.split(':'), (byte) => Number.parseInt(byte, 16));
  }

  indexOf(interfaceName: string): number {
    return this.run(() => interfaceIndex(interfaceName));
  }

  /** Calls fn inside. It must be synchronous: what it awaits would run outside. */
  run<T>(fn: () => T): T {
    const own = openSync(OWN, 'r');
    try {
      enter(this.#fd);
      return fn();
    } finally {
      enter(own);
      closeSync(own);
    }
  }

  /** Runs a command inside to its end. Returns what it printed; throws when it fails. */
  exec(command: string, ...args: string[]): string {
    return this.run(() => execFileSync(command, args, { encoding: 'utf8' }));
  }

  /** Starts a process inside; it is killed with the namespace. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = this.run(() => spawn(command, args, options));
    this.own({ [Symbol.dispose]: () => void child.kill('SIGKILL') });
    return child;
  }

  /** A raw socket on one of its interfaces. */
  openSocket(interfaceName: string): RawSocket {
    return this.own(this.run(() => RawSocket.open(interfaceIndex(interfaceName))));
  }

  /** Puts a program that passes everything on an interface: a veth peer sends by XDP_TX only then. */
  xdpPass(interfaceName: string): void {
    using object = openObject<PassObject>(objectUrl('pass')).load();
    this.own(this.run(() => object.programs.pass.attachXdp(interfaceName)));
  }

  /** Disposes of it with the namespace. */
  own<T extends Disposable>(resource: T): T {
    this.#owned.push(resource);
    return resource;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    open.delete(this);
    for (const resource of this.#owned.reverse()) resource[Symbol.dispose]();
    closeSync(this.#fd);
    ip('netns', 'delete', this.name);
  }
}

interface PassObject {
  maps: object;
  programs: { pass: XdpProgram };
  variables: object;
}

function enter(fd: number): void {
  if (setns(fd, CLONE_NEWNET) !== 0) throw new Error(`setns failed: errno ${koffi.errno()}`);
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}
