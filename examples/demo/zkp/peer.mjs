import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createRingProver, requestAccess } from '@cryptbpf/zkp/udp';
import { CABLES } from '../network.mjs';
import { configureInterface, serve } from '../role.mjs';
import { AUDIENCE, PORT } from './service.mjs';

/* The machine of somebody who wants to reach the service. */

const SILENCE_MS = 1000;
const TIMEOUT_MS = 10_000;

let host;

function start({ cable }) {
  configureInterface('to-server', CABLES[cable].peer);
  host = CABLES[cable].server.address;
}

/** What the service says: its greeting, 'silence', or an error. */
async function greet() {
  const socket = connect({ host, port: PORT });
  try {
    const [said] = await once(socket, 'data', { signal: AbortSignal.timeout(SILENCE_MS) });
    return String(said).trim();
  } catch (error) {
    return error.code === 'ABORT_ERR' ? 'silence' : (error.code ?? error.message);
  } finally {
    socket.destroy();
  }
}

/** Proves membership. proofs: for others to replay. */
async function prove({ group, secretKey }) {
  const prover = createRingProver({ audience: AUDIENCE, group, key: bytes(secretKey) });
  const recorded = [];
  let provingMs = 0;
  const recording = {
    kind: prover.kind,
    prove(challenge, source) {
      const begin = performance.now();
      const proof = prover.prove(challenge, source);
      provingMs += performance.now() - begin;
      recorded.push({ challenge: hex(challenge), proof: hex(proof) });
      return proof;
    },
  };
  try {
    const { lifetime, source } = await requestAccess({ host, prover: recording, timeout: TIMEOUT_MS });
    return { lifetime, source, provingMs, recorded };
  } catch (error) {
    return { refused: error.reason ?? error.code ?? error.message, recorded };
  }
}

/** Sends a proof that was seen on the wire; the gate's reason. */
async function replay({ message }) {
  const socket = createSocket('udp4');
  try {
    socket.send(bytes(message.datagram), message.port, host);
    const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(SILENCE_MS) });
    return answer[6];
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));
const hex = (value) => Buffer.from(value).toString('hex');

serve({ start, greet, prove, replay });
