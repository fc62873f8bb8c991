import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A process in a network of its own, and with a view of the file systems of its own. Neither has a name: the
 * kernel removes both, with everything in them, as soon as the process has ended.
 */
export class Machine {
  #name;
  #process;
  #lastId = 0;
  #waiting = new Map();
  #ended;

  /** Starts the script of that name, which calls serve(), and waits until it has. */
  static async start(name) {
    const machine = new Machine(name);
    await machine.#answerTo(0);
    return machine;
  }

  constructor(name) {
    const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
    this.#name = name;
    this.#process = spawn('unshare', ['--net', '--mount', process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      /* A session of its own: Ctrl-C reaches the demo alone, which then ends the machines. */
      detached: true,
    });
    Machine.running.add(this);
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => resolve(this.#end(error.message)));
      this.#process.once('exit', (code, signal) => resolve(this.#end(`ended with ${signal ?? code}`)));
    });
    this.#process.on('message', (answer) => this.#settle(answer));
  }

  static running = new Set();

  /** Ends all machines there are, at once. */
  static async stopAll() {
    await Promise.all([...Machine.running].map((machine) => machine.stop()));
  }

  get pid() {
    return this.#process.pid;
  }

  /** Lets the machine do what its function of that name does, and resolves to what that returns. */
  async ask(name, argument) {
    const id = ++this.#lastId;
    this.#process.send({ id, name, argument });
    return this.#answerTo(id);
  }

  async stop() {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #answerTo(id) {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle({ id, result, error }) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(`${this.#name}: ${error}`));
  }

  #end(what) {
    Machine.running.delete(this);
    for (const { reject } of this.#waiting.values()) reject(new Error(`the ${this.#name} ${what}`));
    this.#waiting.clear();
  }
}

/** Lays a cable between two machines: a pair of virtual Ethernet interfaces. */
export function connect(a, nameA, b, nameB) {
  const ends = [nameA, 'netns', a.pid, 'type', 'veth', 'peer', 'name', nameB, 'netns', b.pid];
  execFileSync('ip', ['link', 'add', ...ends.map(String)], { stdio: ['ignore', 'inherit', 'inherit'] });
}
