import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

export const MACS = { server: '02:00:00:00:00:01', sender: '02:00:00:00:00:02' };
export const SERVER_ADDRESS = '198.18.0.1';
const SENDER_ADDRESS = '198.18.0.2';

/**
 * Two network namespaces, joined by a veth pair:
 *
 *   [ <name>-sender: sender 198.18.0.2 ]======[ <name>-server: server 198.18.0.1, default route to sender ]
 */
export class Namespaces {
  #names;
  #children = [];

  constructor(name) {
    this.#names = { server: `${name}-server`, sender: `${name}-sender` };
    const { server, sender } = this.#names;
    process.once('exit', () => this.close());
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
    for (const netns of [server, sender]) ip('netns', 'add', netns);
    ip('-n', server, 'link', 'add', 'server', 'type', 'veth', 'peer', 'name', 'sender', 'netns', sender);
    for (const side of ['server', 'sender']) {
      const at = ['-n', this.#names[side]];
      ip(...at, 'link', 'set', side, 'address', MACS[side], 'up');
      ip(...at, 'link', 'set', 'lo', 'up');
    }
    ip('-n', server, 'address', 'add', `${SERVER_ADDRESS}/24`, 'dev', 'server');
    ip('-n', server, 'neigh', 'add', SENDER_ADDRESS, 'lladdr', MACS.sender, 'dev', 'server');
    ip('-n', server, 'route', 'add', 'default', 'via', SENDER_ADDRESS);
  }

  /** Starts a module of ours in one of them: see Child. */
  async start(side, module) {
    const child = new Child(this.#names[side], module);
    this.#children.push(child);
    await child.started;
    return child;
  }

  close() {
    for (const child of this.#children.splice(0)) child.kill();
    for (const netns of Object.values(this.#names)) {
      try {
        ip('netns', 'delete', netns);
      } catch {
        // Was not made, or is gone.
      }
    }
  }
}

/** A process that answers each message with one. */
class Child {
  #process;
  started;

  constructor(netns, module) {
    const args = ['netns', 'exec', netns, process.execPath, module.pathname];
    this.#process = spawn('ip', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.started = this.#answer();
  }

  ask(command, options = {}) {
    const answer = this.#answer();
    this.#process.send({ command, ...options });
    return answer;
  }

  kill() {
    this.#process.kill('SIGKILL');
  }

  async #answer() {
    const done = new AbortController();
    const gone = once(this.#process, 'exit', { signal: done.signal }).then(([code]) => {
      throw new Error(`a process of the benchmark ended early, with ${code}`);
    });
    gone.catch(() => {}); // also when nobody waits any more
    const answer = once(this.#process, 'message', { signal: done.signal });
    answer.catch(() => {});
    try {
      const [message] = await Promise.race([answer, gone]);
      return message;
    } finally {
      done.abort();
    }
  }
}
