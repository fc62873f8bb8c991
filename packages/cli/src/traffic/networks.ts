import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { HOST, PEER } from './places.js';

/** Where iproute2 keeps namespaces. */
const NAMED = '/run/netns';

/** Two networks of our own, with a cable between them; both are gone when this is disposed of. */
export class Networks implements Disposable {
  readonly #host = `cryptbpf-traffic-${process.pid}-host`;
  readonly #peer = `cryptbpf-traffic-${process.pid}-peer`;

  constructor() {
    sweep();
    try {
      this.#make();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #make(): void {
    for (const name of [this.#host, this.#peer]) ip('netns', 'add', name);
    const end = (name: string, netns: string) => ['name', name, 'netns', netns];
    ip('link', 'add', ...end('in0', this.#host), 'type', 'veth', 'peer', ...end('in1', this.#peer));
    for (const [netns, name, address] of [
      [this.#host, 'in0', HOST],
      [this.#peer, 'in1', PEER],
    ] as const) {
      ip('-n', netns, 'address', 'add', `${address}/24`, 'dev', name);
      for (const each of [name, 'lo']) ip('-n', netns, 'link', 'set', each, 'up');
    }
  }

  macOf(where: 'host' | 'peer'): Uint8Array {
    const [netns, name] = where === 'host' ? [this.#host, 'in0'] : [this.#peer, 'in1'];
    const [link] = JSON.parse(ip('-n', netns, '-json', 'link', 'show', 'dev', name)) as [{ address: string }];
    return Uint8Array.from(link.address.split(':'), (byte) => Number.parseInt(byte, 16));
  }

  spawn(where: 'host' | 'peer', args: readonly string[], options: SpawnOptions) {
    const netns = where === 'host' ? this.#host : this.#peer;
    return spawn('nsenter', [`--net=${NAMED}/${netns}`, process.execPath, ...args], options);
  }

  [Symbol.dispose](): void {
    for (const name of [this.#host, this.#peer]) remove(name);
  }
}

/** Removes what a run that was killed has left. */
function sweep(): void {
  for (const name of existsSync(NAMED) ? readdirSync(NAMED) : []) {
    const [, owner] = /^cryptbpf-traffic-(\d+)-(?:host|peer)$/.exec(name) ?? [];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) remove(name);
  }
}

function remove(name: string): void {
  try {
    for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) process.kill(Number(pid));
    ip('netns', 'delete', name);
  } catch {
    /* It was not made, or goes already. */
  }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
