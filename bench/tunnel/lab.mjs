import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatePrivateKey, publicKeyOf } from '../../packages/tunnel/dist/index.js';

const END = fileURLToPath(new URL('end.mjs', import.meta.url));
const SECONDS = 2;
/** What is inline is pinned, and its ends are killed. */
const PINS = `/sys/fs/bpf/cryptbpf-bench-${process.pid}`;
/** Of TCP, in all tunnels and without one: what fits the smallest of them. */
const SEGMENT_BYTES = 1340;
const run = (command, args) => execFileSync(command, args, { encoding: 'utf8' });

/** How tunnels differ here: the second byte of their addresses inside, and the port of the first end. */
export const TUNNELS = {
  wireguard: { subnet: 81, port: 51810 },
  'aes-256-gcm': { subnet: 82, port: 51820 },
  'wireguard-go': { subnet: 83, port: 51830 },
  'inline-wireguard': { subnet: 84, inline: 'wireguard' },
  'inline-aes-256-gcm': { subnet: 85, inline: 'aes-256-gcm' },
};

/**
 * Two namespaces, joined by a veth pair, with a tunnel of each kind between them:
 *
 *   [ 10.95.0.1 ]======[ 10.95.0.2, iperf3 -s ]
 *
 * and one more for each that is inline.
 */
export class Lab {
  #names = [1, 2].map((number) => `cryptbpf-bench-${process.pid}-${number}`);
  #children = [];

  static async create() {
    const lab = new Lab();
    process.once('exit', () => lab.close());
    for (const name of lab.#names) run('ip', ['netns', 'add', name]);
    for (const name of lab.#names) run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    lab.#cable('u0', 95);
    for (const suite of ['wireguard', 'aes-256-gcm']) await lab.#ours(suite);
    for (const { subnet, inline } of Object.values(TUNNELS)) if (inline) await lab.#inline(subnet, inline);
    await lab.#theirs();
    lab.#spawn(1, 'iperf3', ['-s']);
    await until(() => lab.#inside(1, 'ss', ['-Hltn', 'sport = :5201']).trim() !== '');
    for (const { subnet } of Object.values(TUNNELS)) {
      await until(() => lab.#answers(`10.${subnet}.0.2`));
    }
    return lab;
  }

  /** Seconds for a megabit by one TCP connection. */
  transfer(address) {
    const args = ['-J', '-t', `${SECONDS}`, '-O', '1', '-M', `${SEGMENT_BYTES}`, '-c', address];
    const { end } = JSON.parse(this.#inside(0, 'iperf3', args));
    return 1e6 / end.sum_received.bits_per_second;
  }

  close() {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL');
    for (const name of this.#names.splice(0)) run('ip', ['netns', 'delete', name]);
    rmSync(PINS, { recursive: true, force: true });
  }

  async #ours(suite) {
    const keys = [generatePrivateKey(suite), generatePrivateKey(suite)];
    for (const number of [0, 1]) {
      const { subnet, port } = TUNNELS[suite];
      const far = 1 - number;
      const options = {
        name: `cb${subnet}`,
        suite,
        address: [`10.${subnet}.0.${number + 1}/24`],
        privateKey: keys[number],
        listenPort: port + number,
        peers: [
          {
            publicKey: publicKeyOf(keys[far], suite),
            allowedIPs: [`10.${subnet}.0.${far + 1}/32`],
            endpoint: `10.95.0.${far + 1}:${port + far}`,
          },
        ],
      };
      const child = this.#spawn(number, process.execPath, [END, JSON.stringify(options)], 'pipe');
      await once(child.stdout, 'data');
    }
  }

  /** On a cable of its own. */
  async #inline(subnet, suite) {
    const name = `u${subnet}`;
    this.#cable(name, subnet);
    const keys = [generatePrivateKey(suite), generatePrivateKey(suite)];
    for (const number of [0, 1]) {
      const options = {
        interface: name,
        suite,
        localIp: `10.${subnet}.0.${number + 1}`,
        remoteIp: `10.${subnet}.0.${2 - number}`,
        pinPath: PINS,
        localPort: 4000 + subnet,
        remotePort: 4000 + subnet,
        privateKey: keys[number],
        publicKey: publicKeyOf(keys[1 - number], suite),
      };
      const child = this.#spawn(number, process.execPath, [END, JSON.stringify(options)], 'pipe');
      await once(child.stdout, 'data');
    }
  }

  #cable(interfaceName, subnet) {
    const [one, two] = this.#names;
    const far = ['type', 'veth', 'peer', 'name', interfaceName, 'netns', two];
    run('ip', ['link', 'add', interfaceName, 'netns', one, ...far]);
    for (const [i, name] of this.#names.entries()) {
      run('ip', ['-n', name, 'address', 'add', `10.${subnet}.0.${i + 1}/24`, 'dev', interfaceName]);
      run('ip', ['-n', name, 'link', 'set', interfaceName, 'up']);
    }
  }

  async #theirs() {
    const { subnet, port } = TUNNELS['wireguard-go'];
    const keys = [generatePrivateKey(), generatePrivateKey()];
    for (const number of [0, 1]) {
      const far = 1 - number;
      const device = `wb${process.pid}x${number}`;
      const control = `/var/run/wireguard/${device}.sock`;
      rmSync(control, { force: true });
      this.#spawn(number, 'wireguard-go', ['-f', device]);
      await until(() => existsSync(control));
      const configuration = [
        `[Interface]\nPrivateKey=${keys[number]}\nListenPort=${port + number}`,
        `[Peer]\nPublicKey=${publicKeyOf(keys[far])}\nAllowedIPs=10.${subnet}.0.${far + 1}/32`,
        `Endpoint=10.95.0.${far + 1}:${port + far}\n`,
      ];
      const script = 'printf %s "$2" | wg setconf "$1" /dev/stdin';
      this.#inside(number, 'bash', ['-c', script, 'bash', device, configuration.join('\n')]);
      run('ip', ['-n', this.#names[number], 'link', 'set', device, 'up']);
      const address = `10.${subnet}.0.${number + 1}/24`;
      run('ip', ['-n', this.#names[number], 'address', 'add', address, 'dev', device]);
    }
  }

  #answers(address) {
    try {
      return this.#inside(0, 'ping', ['-c', '1', '-W', '1', address]).includes('1 received');
    } catch {
      return false;
    }
  }

  #inside(number, command, args) {
    return run('ip', ['netns', 'exec', this.#names[number], command, ...args]);
  }

  #spawn(number, command, args, stdout = 'ignore') {
    const all = [`--net=/var/run/netns/${this.#names[number]}`, command, ...args]; // bpffs stays as it is
    const child = spawn('nsenter', all, { stdio: ['ignore', stdout, 'ignore'] });
    this.#children.push(child);
    return child;
  }
}

async function until(condition) {
  for (const end = performance.now() + 60_000; !condition(); ) {
    if (performance.now() > end) throw new Error('waited a minute in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
