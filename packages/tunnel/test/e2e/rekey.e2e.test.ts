import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Suite } from '../../src/contract.js';
import { HEADER_BYTES } from '../support/programs.js';
import { innerAddress, Lab } from './lab.js';
import { until } from './wireguard-go.js';

/* New keys again and again, under packets that are counted. CRYPTBPF_REKEYS says how often. */

const REKEYS = Number(process.env.CRYPTBPF_REKEYS ?? 150);
const MARK = Buffer.from('plaintextplaintext');

const RECEIVER = `
  const seen = new Set();
  const socket = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 4e6 });
  socket.on('message', (message) => {
    const end = message.toString('latin1', 18);
    if (end !== 'end') return void seen.add(end);
    console.log(seen.size);
    socket.close();
  });
  socket.bind(7001, process.argv[1], () => console.log('ready'));
`;
const SENDER = `
  const [host] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket('udp4');
  let sent = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 4; i++) socket.send('plaintextplaintext' + sent++, 7001, host);
  }, 1);
  process.stdin.once('data', () => {
    clearInterval(timer);
    console.log(sent);
    setTimeout(() => {
      for (let i = 0; i < 10; i++) socket.send('plaintextplaintext' + 'end', 7001, host);
      setTimeout(() => process.exit(), 100);
    }, 300);
  });
`;

it.each(['wireguard', 'aes-256-gcm'] as const)(
  'loses no packet and repeats no nonce in many rekeys of suite %s',
  async (suite: Suite) => {
    using lab = await Lab.create({ suite, outer: 'ipv4' });
    lab.rekey();
    const tap = lab.right.namespace.openSocket('u0');
    const host = innerAddress('right', 'ipv4');
    const run = (end: 'left' | 'right', script: string, ...args: string[]) =>
      lab[end].namespace.spawn(process.execPath, ['-e', script, ...args], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
    const receiver = run('right', RECEIVER, host);
    await once(receiver.stdout!, 'data');
    const sender = run('left', SENDER, host);
    const nonces = new Set<string>();
    let captured = 0;
    const capture = () => {
      for (let frame = tap.receive(0); frame; frame = tap.receive(0)) {
        const bytes = Buffer.from(frame);
        expect(bytes.includes(MARK)).toBe(false);
        if (bytes[23] !== 17 || bytes.readUInt16BE(36) !== 51820) continue;
        captured++;
        const start = suite === 'wireguard' ? 4 : 8;
        nonces.add(bytes.subarray(42 + start, 42 + HEADER_BYTES[suite]).toString('hex'));
      }
    };
    for (let rekeys = 0; rekeys < REKEYS; rekeys++) {
      const { right } = lab.rekey();
      /* As with handshakes: the next one begins when the last has been heard of. */
      await until(() => {
        capture();
        return lab.right.peer.activity().currentIndex === right.localIndex;
      });
    }
    const counts = [once(sender.stdout!, 'data'), once(receiver.stdout!, 'data')];
    sender.stdin!.write('stop\n');
    const [sent, seen] = (await Promise.all(counts)).map(([said]) => Number(String(said)));
    capture();
    expect(sent).toBeGreaterThan(REKEYS);
    expect(seen).toBe(sent);
    expect(nonces.size).toBe(captured);
    expect(lab.left.dataPath.drops()).toEqual({});
    expect(lab.right.dataPath.drops()).toEqual({});
    expect(lab.right.peer.record().receivedPackets).toBe(lab.left.peer.record().sentPackets);
  },
);
