// What a client does, as a process of its own within a namespace. Prints one word or one line of JSON.
import { connect } from 'node:net';
import { requestAccess } from '../../dist/udp.js';

/** Emulated machines are slow. */
const WAIT_MS = process.env.CRYPTBPF_VM ? 6000 : 700;
const [command, host, port] = process.argv.slice(2);

const commands = {
  /** "open", or why not. */
  connect: () =>
    new Promise((resolve) => {
      const socket = connect({ host, port: Number(port), timeout: WAIT_MS });
      const end = (result) => {
        socket.destroy();
        resolve(result);
      };
      socket.on('data', () => end('open'));
      socket.on('timeout', () => end('timeout'));
      socket.on('error', (error) => end(error.code));
    }),
  solve: async () => JSON.stringify(await requestAccess({ host, port: Number(port), timeout: 8 * WAIT_MS })),
};

console.log(await commands[command]().catch((error) => error.code));
