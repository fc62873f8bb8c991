import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/*
 * The inside of a machine: a process that does what the demo asks of it, by messages, and ends when the demo
 * ends, however that comes about. The kernel then removes its network.
 */

const PRIORITY = -10;

/** Runs a command. Throws with what it said. */
export function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Gives this machine's end of a cable its addresses. */
export function configureInterface(name, { mac, address }) {
  run('ip', 'link', 'set', name, 'address', mac);
  run('ip', 'address', 'add', `${address}/24`, 'dev', name);
  run('ip', 'link', 'set', name, 'up');
}

/**
 * Other load on this computer must slow neither the flood nor the client, so all machines come before it. Where
 * sessions are scheduled as groups, the group's priority counts: each machine is a session of its own.
 */
function raisePriority() {
  for (const raise of [
    () => setPriority(PRIORITY),
    () => writeFileSync('/proc/self/autogroup', `${PRIORITY}`),
  ]) {
    try {
      raise();
    } catch {
      /* Not allowed, or no such groups: the demo works without, if the computer is not busy. */
    }
  }
}

/** Answers the demo's questions: each is the name of one of these functions. */
export function serve(functions) {
  raisePriority();
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, name, argument }) => {
    const answer = await Promise.resolve(argument)
      .then(functions[name])
      .then((result) => ({ id, result }))
      .catch((error) => ({ id, error: `${error.code ?? error.name}: ${error.message}` }));
    tell(answer);
  });
  tell({ id: 0 });
}

/** The demo may be gone by now, which is no error of ours. */
function tell(message) {
  if (process.connected) process.send(message, () => {});
}
