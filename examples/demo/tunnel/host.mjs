import { connect, createServer } from 'node:net';
import { Tunnel } from '@cryptbpf/tunnel';
import { configureInterface, run, serve } from '../role.mjs';
import { listen } from './tap.mjs';

/* One end of the tunnel, and who listens on the cable there. */

const TCP_PORT = 7000;

let tunnel;
let heard;

serve({
  start({ mac, address, mark }) {
    configureInterface('cable', { mac, address });
    run('ip', 'link', 'set', 'lo', 'up');
    const [{ ifindex }] = JSON.parse(run('ip', '-json', 'link', 'show', 'cable'));
    heard = listen(ifindex, mark);
  },

  async up(options) {
    tunnel = await Tunnel.up(options);
  },

  async inline(options) {
    tunnel = await Tunnel.inline(options);
  },

  down: () => tunnel.down(),

  heard: () => heard(),

  /** Bytes that came on one connection. */
  receive: ({ address }) => {
    const server = createServer((socket) => {
      let bytes = 0;
      socket.on('data', (data) => {
        bytes += data.length;
      });
      socket.on('end', () => socket.end(String(bytes)));
    });
    server.listen(TCP_PORT, address);
  },

  /** Sends the mark so many times by TCP, and resolves to how many bytes came, and how long that took. */
  send: ({ address, mark, count }) =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const socket = connect(TCP_PORT, address);
      socket.on('error', reject);
      socket.on('data', (said) =>
        resolve({ bytes: Number(String(said)), seconds: (performance.now() - began) / 1000 }),
      );
      socket.end(Buffer.from(mark.repeat(count)));
    }),

  /** How many of so many pings were answered; the pattern is in them. */
  ping({ address, count, pattern }) {
    try {
      const said = run('ping', '-c', count, '-i', '0.2', '-W', '2', '-p', pattern, address);
      return Number(/(\d+) received/.exec(said)[1]);
    } catch (error) {
      return Number(/(\d+) received/.exec(error.stdout)?.[1] ?? 0);
    }
  },

  /** What a peer's status says. */
  status() {
    const [peer] = tunnel.stats().peers;
    return {
      sent: Number(peer.sent.packets),
      received: Number(peer.received.packets),
      handshake: peer.lastHandshake !== undefined,
    };
  },
});
