import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HOST } from '../traffic/places.js';
import { BENCHES, type Maker } from './loads.js';

/*
 * The other machine: a process of its own, in its network. peer.js FEATURE LOAD FOLDER: for each line "make COUNT" and
 * "send" on stdin, one of JSON when that is done.
 */

const ANSWER_MS = 2000;

/** What a load may do there. */
export interface Peer {
  send(datagram: Uint8Array, port: number): Promise<void>;
  /** Sends, and resolves to the next datagram that comes. */
  ask(datagram: Uint8Array, port: number): Promise<Uint8Array>;
  /** Of the folder of keys. */
  file(name: string): string;
}

/** With a socket that renew() makes anew, so that answers to what was asked before are nobody's. */
function peerFor(folder: string): Peer & { renew(): void } {
  let socket = createSocket('udp4');
  const send = (datagram: Uint8Array, port: number) =>
    new Promise<void>((resolve, reject) =>
      socket.send(datagram, port, HOST, (error) => (error ? reject(error) : resolve())),
    );
  return {
    send,
    async ask(datagram, port) {
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
      await send(datagram, port);
      const [message] = await answer;
      return new Uint8Array(message);
    },
    file: (name) => readFileSync(join(folder, name), 'utf8'),
    renew() {
      socket.close();
      socket = createSocket('udp4');
    },
  };
}

async function main(feature: string, load: number, folder: string): Promise<void> {
  const peer = peerFor(folder);
  const make: Maker = await BENCHES[feature]!.loads[load]!.open(peer);
  let send = async () => {};
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, count] = line.split(' ');
    if (command === 'make') {
      peer.renew();
      send = await make(Number(count));
    } else await send();
    console.log(JSON.stringify({ done: command }));
  }
}

const [feature, load, folder] = process.argv.slice(2);
await main(feature!, Number(load), folder!);
process.exit(0);
