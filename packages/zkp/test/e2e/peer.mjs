// A peer in a namespace, as a process of its own: does what it is told, a line of JSON each way.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { createHashProver, createRingProver, createSchnorrProver, requestAccess } from '../../dist/udp.js';

const provers = { createHashProver, createRingProver, createSchnorrProver };
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const reviver = (key, value) => (key === 'secret' || key === 'key' ? bytes(value) : value);

const commands = {
  /** The greeting, 'silence', or an errno. */
  tcp: async ({ host, port, wait }) => {
    const socket = connect({ host, port });
    try {
      const [said] = await once(socket, 'data', { signal: AbortSignal.timeout(wait) });
      return String(said).trim();
    } catch (error) {
      return error.code === 'ABORT_ERR' ? 'silence' : (error.code ?? String(error));
    } finally {
      socket.destroy();
    }
  },
  /** What came back, or 'silence'. */
  udp: async ({ host, port, wait }) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    try {
      socket.send('hello', port, host);
      const [said] = await once(socket, 'message', { signal: AbortSignal.timeout(wait) });
      return String(said);
    } catch (error) {
      return error.code === 'ABORT_ERR' ? 'silence' : (error.code ?? String(error));
    } finally {
      socket.close();
    }
  },
  /** An admission, or the reason for a refusal. */
  prove: async ({ host, make, options, timeout }) => {
    try {
      return await requestAccess({ host, prover: provers[make](options), timeout });
    } catch (error) {
      return { refused: error.reason ?? error.code ?? String(error) };
    }
  },
};

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line, reviver);
  console.log(JSON.stringify(await commands[command](given)));
}
