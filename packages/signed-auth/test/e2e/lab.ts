import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Netns } from '../../../core/test/support/netns.js';
import { type ReasonName, SignedAuth, type SignedAuthOptions } from '../../src/index.js';
import { testKey } from '../support/keys.js';

/*
 *   client                     server
 *   c0 10.99.0.2 ------------- s0 10.99.0.1     the gate is here
 *      fd99::2                    fd99::1       UDP 5000 is an echo service, and protected
 */

export const PORT = 5000;
export const AUDIENCE = 'echo.example';
export const SERVER = { ipv4: '10.99.0.1', ipv6: 'fd99::1' };
export const CLIENT = { ipv4: '10.99.0.2', ipv6: 'fd99::2' };
export const KEY = testKey(1);

/** Emulated machines are slow. */
export const WAIT_MS = process.env.CRYPTBPF_VM ? 5_000 : 1_500;

const CLIENT_SCRIPT = fileURLToPath(new URL('client.mjs', import.meta.url));
const CONNECT = `
  const [host, port, wait] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port: Number(port), timeout: Number(wait) });
  const end = (said) => { console.log(said); socket.destroy(); };
  socket.on('connect', () => end('open')).on('timeout', () => end('timeout')).on('error', ({ code }) => end(code));
`;
const LISTEN = `
  const server = require('node:net').createServer((socket) => socket.end());
  server.listen(Number(process.argv[1]), '::', () => console.log('ready'));
`;

let labs = 0;

export class Lab implements Disposable {
  readonly client = Netns.create();
  readonly server = Netns.create();
  readonly pinPath = `/sys/fs/bpf/cryptbpf-signed-${process.pid}-${labs++}`;
  /** What the service has seen. */
  readonly seen: Buffer[] = [];
  readonly #gates: SignedAuth[] = [];
  readonly #sockets: Socket[] = [];

  static async create(): Promise<Lab> {
    const lab = new Lab();
    Netns.addVeth(lab.client, lab.server, ['c0', 's0']);
    lab.client.addAddress('c0', `${CLIENT.ipv4}/24`);
    lab.client.addAddress('c0', `${CLIENT.ipv6}/64`);
    lab.server.addAddress('s0', `${SERVER.ipv4}/24`);
    lab.server.addAddress('s0', `${SERVER.ipv6}/64`);
    lab.client.xdpPass('c0');
    lab.#echo();
    return lab;
  }

  async attach(changes: Partial<SignedAuthOptions> = {}): Promise<SignedAuth> {
    const options = {
      interface: 's0',
      ports: [{ port: PORT, protocol: 'udp' as const }],
      audience: AUDIENCE,
      keys: [{ id: KEY.id, key: KEY.publicKey }],
      pinPath: this.pinPath,
      ...changes,
    };
    const auth = await this.server.run(() => SignedAuth.attach(options));
    this.#gates.push(auth);
    return auth;
  }

  /** And waits: a gate takes nothing that was signed in the second in which it came up. */
  async attachAndWait(changes: Partial<SignedAuthOptions> = {}): Promise<SignedAuth> {
    const auth = await this.attach(changes);
    await sleep(1000 - (Date.now() % 1000) + 20);
    return auth;
  }

  /** A socket of the client's, bound to its address of that family. */
  socket(family: 'ipv4' | 'ipv6'): Peer {
    const socket = this.#open(this.client, CLIENT[family], 0);
    return new Peer(socket, SERVER[family]);
  }

  /** What a client says that is a process of its own: see client.mjs. */
  async ask(command: string, host: string, port: number): Promise<unknown> {
    const pem = KEY.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const args = [CLIENT_SCRIPT, command, host, String(port), pem, AUDIENCE, String(KEY.id)];
    const child = this.client.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout!.on('data', (data) => {
      said += data;
    });
    await once(child, 'close');
    return JSON.parse(said);
  }

  /** A TCP server, as a process of its own. */
  async listen(port: number): Promise<void> {
    const child = this.server.spawn(process.execPath, ['-e', LISTEN, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
  }

  /** 'open', 'timeout', or an errno: a TCP connection from the client. */
  async connect(port: number): Promise<string> {
    const args = ['-e', CONNECT, SERVER.ipv4, String(port), String(WAIT_MS)];
    const child = this.client.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout!, 'data');
    await once(child, 'close');
    return String(said).trim();
  }

  [Symbol.dispose](): void {
    for (const gate of this.#gates) gate.close();
    for (const socket of this.#sockets) socket.close();
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
    rmSync(this.pinPath, { recursive: true, force: true });
  }

  /** A service that knows nothing of signatures. */
  #echo(): void {
    for (const address of Object.values(SERVER)) {
      const socket = this.#open(this.server, address, PORT);
      socket.on('message', (message, { port, address: from }) => {
        this.seen.push(message);
        socket.send(message, port, from);
      });
    }
  }

  /** Bound at once, since a namespace is entered for a moment only. */
  #open(namespace: Netns, address: string, port: number): Socket {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    const lookup = ((host: string, ...rest: unknown[]) => {
      (rest.at(-1) as (error: null, address: string) => void)(null, host);
    }) as never;
    const socket = namespace.run(() => createSocket({ type, lookup }).bind(port, address));
    this.#sockets.push(socket);
    return socket;
  }
}

/** One end of a conversation with the server. */
export class Peer {
  readonly socket: Socket;
  readonly host: string;

  constructor(socket: Socket, host: string) {
    this.socket = socket;
    this.host = host;
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(payload: Uint8Array, port = PORT): void {
    this.socket.send(payload, port, this.host);
  }

  /** Sends, and returns the first that comes back; undefined: nothing did. */
  async ask(payload: Uint8Array, port = PORT): Promise<Buffer | undefined> {
    const signal = AbortSignal.timeout(WAIT_MS);
    const answer = once(this.socket, 'message', { signal });
    this.send(payload, port);
    return answer.then(
      ([message]) => message as Buffer,
      () => undefined,
    );
  }
}

export function packets(gate: SignedAuth, reason: ReasonName): number {
  return Number(gate.stats()[reason].packets);
}

/** Time enough for packets that were sent to have been judged. */
export async function settled(gate: SignedAuth, reason: ReasonName, count: number): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (packets(gate, reason) < count && Date.now() < end) await sleep(5);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
