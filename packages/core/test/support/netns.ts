import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import koffi from 'koffi';
import { interfaceIndex, openObject, type XdpProgram } from '../../src/index.js';
import { objectUrl } from './objects.js';
import { RawSocket } from './raw-socket.js';
import { addAddress, addVeth, isRunning, setUp } from './rtnetlink.js';
import { until } from './until.js';

const libc = koffi.load('libc.so.6');
const calls = {
  setns: libc.func('int setns(int fd, int type)'),
  unshare: libc.func('int unshare(int flags)'),
  mount: libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)',
  ),
  umount2: libc.func('int umount2(const char *target, int flags)'),
};
const CLONE_NEWNET = 0x4000_0000;
const MS_BIND = 0x1000;
const MNT_DETACH = 2;

/** Where iproute2 looks for namespaces. */
const NAMED = '/run/netns';
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
    this.#fd = openSync(`${NAMED}/${name}`, 'r');
  }

  /** Makes one, with its loopback interface up. */
  static create(): Netns {
    const name = `cryptbpf-${process.pid}-${created++}`;
    makeNamed(name);
    const namespace = new Netns(name);
    open.add(namespace);
    namespace.#setUp('lo');
    return namespace;
  }

  /** A pair of interfaces that are up, and ready for packets: names[0] in a, names[1] in b. */
  static addVeth(a: Netns, b: Netns, names: readonly [string, string]): void {
    addVeth({ name: names[0], namespace: a.#fd }, { name: names[1], namespace: b.#fd });
    a.#setUp(names[0]);
    b.#setUp(names[1]);
    const areRunning = () => a.#isRunning(names[0]) && b.#isRunning(names[1]);
    if (!until(areRunning)) throw new Error(`${names.join(' and ')} do not come up`);
  }

  /** Runs iproute2's ip inside. Returns what it printed. */
  ip(...args: string[]): string {
    return ip('-n', this.name, ...args);
  }

  /** Gives an interface an address with its prefix length, such as 10.0.0.1/24 or fd00::1/64: good at once. */
  addAddress(interfaceName: string, address: string): void {
    const [host = '', prefixLength] = address.split('/');
    this.run(() => addAddress(interfaceIndex(interfaceName), host, Number(prefixLength)));
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

  #setUp(interfaceName: string): void {
    this.run(() => setUp(interfaceIndex(interfaceName)));
  }

  #isRunning(interfaceName: string): boolean {
    return this.run(() => isRunning(interfaceIndex(interfaceName)));
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
    calls.umount2(`${NAMED}/${this.name}`, MNT_DETACH);
    unlinkSync(`${NAMED}/${this.name}`);
  }
}

interface PassObject {
  maps: object;
  programs: { pass: XdpProgram };
  variables: object;
}

function enter(fd: number): void {
  if (calls.setns(fd, CLONE_NEWNET) !== 0) throw new Error(`setns failed: errno ${koffi.errno()}`);
}

/** As `ip netns add` does. */
function makeNamed(name: string): void {
  mkdirSync(NAMED, { recursive: true });
  writeFileSync(`${NAMED}/${name}`, '', { flag: 'wx' });
  const own = openSync(OWN, 'r');
  try {
    if (calls.unshare(CLONE_NEWNET) !== 0) throw new Error(`unshare failed: errno ${koffi.errno()}`);
    const mounted = calls.mount(OWN, `${NAMED}/${name}`, null, MS_BIND, null);
    if (mounted !== 0) throw new Error(`mount of namespace ${name} failed: errno ${koffi.errno()}`);
  } finally {
    enter(own);
    closeSync(own);
  }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}
