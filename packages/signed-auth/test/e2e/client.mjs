// What a sender does, as a process of its own within a namespace. Prints one line of JSON.
import { once } from 'node:events';
import { createSigner, knock, openSession, SignedSocket } from '../../dist/udp.js';

const [command, host, port, pem, audience, keyId] = process.argv.slice(2);
/** Emulated machines are slow. */
const WAIT_MS = process.env.CRYPTBPF_VM ? 8_000 : 3_000;
const signer = createSigner(pem, { audience, keyId: Number(keyId) });
const type = host.includes(':') ? 'udp6' : 'udp4';

async function ask(socket, payload) {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(WAIT_MS) });
  await socket.send(payload, Number(port), host);
  return String((await answer)[0]);
}

const commands = {
  /** Packets that are signed until there is a session, and two under it. */
  talk: async () => {
    const socket = new SignedSocket({ signer, type });
    const opened = once(socket, 'session', { signal: AbortSignal.timeout(4 * WAIT_MS) });
    const answers = [];
    for (const payload of ['a', 'b', 'c']) answers.push(await ask(socket, payload));
    await opened;
    answers.push(await ask(socket, 'one'), await ask(socket, 'two'));
    await socket.close();
    return answers;
  },
  knock: () => knock({ host, port: Number(port), signer, timeout: 3 * WAIT_MS }),
  session: async () => {
    const { id, lifetime } = await openSession({ host, port: Number(port), signer, timeout: WAIT_MS });
    return { id: String(id), lifetime };
  },
};

console.log(JSON.stringify(await commands[command]().catch((error) => error.code ?? String(error))));
process.exit();
