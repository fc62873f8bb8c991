import { parseArgs } from 'node:util';
import { generatePresharedKey, generatePrivateKey, publicKeyOf } from '@cryptbpf/tunnel';
import { connect, Machine } from './machine.mjs';
import { allKept, promise } from './promises.mjs';
import { number, say, step } from './screen.mjs';
import { perform } from './stage.mjs';

/*
 * Two hosts on a cable that somebody listens to, in about 15 seconds. Exits with 1 when a clear byte was heard, or
 * something did not arrive.
 */

const DEADLINE_MS = 58_000;
const MARK = 'this is in clear ';
const COUNT = 200_000;
const PINGS = 5;
const CABLE = { left: '198.18.0.1', right: '198.18.0.2' };
const INSIDE = { left: '10.7.0.1', right: '10.7.0.2' };
const MACS = { left: '02:00:00:00:00:01', right: '02:00:00:00:00:02' };
const PORT = 51820;

/** What was heard on both ends since the last time. */
class Listener {
  #hosts;
  #before = { frames: 0, bytes: 0, marked: 0 };

  constructor(hosts) {
    this.#hosts = hosts;
  }

  async heard() {
    const [a, b] = await Promise.all(this.#hosts.map((host) => host.ask('heard')));
    const now = { frames: a.frames + b.frames, bytes: a.bytes + b.bytes, marked: a.marked + b.marked };
    const before = this.#before;
    this.#before = now;
    return {
      frames: now.frames - before.frames,
      bytes: now.bytes - before.bytes,
      marked: now.marked - before.marked,
    };
  }
}

async function transfer({ left, right }, addresses, listener) {
  await right.ask('receive', { address: addresses.right });
  await listener.heard();
  const { bytes, seconds } = await left.ask('send', { address: addresses.right, mark: MARK, count: COUNT });
  const heard = await listener.heard();
  promise(bytes === MARK.length * COUNT, `${number(bytes)} bytes arrived, in ${seconds.toFixed(1)} s`);
  return heard;
}

function optionsOf(side, suite, keys) {
  const other = side === 'left' ? 'right' : 'left';
  const peer = {
    publicKey: publicKeyOf(keys[other], suite),
    presharedKey: keys.psk,
    endpoint: `${CABLE[other]}:${PORT + suite.length}`,
    allowedIPs: [INSIDE[other]],
  };
  return {
    name: 'cb0',
    suite,
    address: [`${INSIDE[side]}/24`],
    listenPort: PORT + suite.length,
    privateKey: keys[side],
    peers: [peer],
  };
}

async function throughTunnel(suite) {
  const hosts = await startHosts();
  const listener = new Listener(Object.values(hosts));
  const keys = {
    left: generatePrivateKey(suite),
    right: generatePrivateKey(suite),
    psk: generatePresharedKey(),
  };
  const pattern = Buffer.from(MARK).toString('hex').slice(0, 32);
  const ping = () => hosts.left.ask('ping', { address: INSIDE.right, count: String(PINGS), pattern });

  await hosts.left.ask('up', optionsOf('left', suite, keys));
  const early = await ping();
  const silence = await listener.heard();
  promise(early === 0 && silence.marked === 0, 'the peer is not there yet: nothing leaves in clear');
  await hosts.right.ask('up', optionsOf('right', suite, keys));
  for (let tries = 0; tries < 5 && !(await hosts.left.ask('status')).handshake; tries++) await ping();
  promise((await ping()) === PINGS, `${PINGS} of ${PINGS} pings are answered`);
  const heard = await transfer(hosts, INSIDE, listener);
  promise(
    heard.frames > 0 && heard.marked === 0,
    `${number(heard.frames)} frames were heard on the cable, none with a clear byte`,
  );
  await Promise.all(Object.values(hosts).map((host) => host.stop()));
}

/** The hosts keep their addresses, and know of no tunnel. */
async function inline() {
  const suite = 'wireguard';
  const hosts = await startHosts();
  const keys = { left: generatePrivateKey(suite), right: generatePrivateKey(suite) };
  for (const [side, other] of [
    ['left', 'right'],
    ['right', 'left'],
  ]) {
    await hosts[side].ask('inline', {
      interface: 'cable',
      localIp: CABLE[side],
      remoteIp: CABLE[other],
      privateKey: keys[side],
      publicKey: publicKeyOf(keys[other], suite),
    });
  }
  const heard = await transfer(hosts, CABLE, new Listener(Object.values(hosts)));
  promise(
    heard.frames > 0 && heard.marked === 0,
    `${number(heard.frames)} frames were heard on the cable, none with a clear byte`,
  );
  for (const host of Object.values(hosts)) await host.ask('down');
  await Promise.all(Object.values(hosts).map((host) => host.stop()));
}

async function startHosts() {
  const [left, right] = await Promise.all([Machine.start('tunnel/host'), Machine.start('tunnel/host')]);
  connect(left, 'cable', right, 'cable');
  const start = (host, side) => host.ask('start', { mac: MACS[side], address: CABLE[side], mark: MARK });
  await Promise.all([start(left, 'left'), start(right, 'right')]);
  return { left, right };
}

async function play() {
  say('CryptBPF demo: two hosts on a cable, each in a network of its own, and somebody who listens.');

  step('Without a tunnel.');
  const hosts = await startHosts();
  const heard = await transfer(hosts, CABLE, new Listener(Object.values(hosts)));
  promise(heard.marked > 0, `${number(heard.marked)} of ${number(heard.frames)} frames held it in clear`);
  await Promise.all(Object.values(hosts).map((host) => host.stop()));

  step("Through a tunnel by WireGuard's protocol: ChaCha20-Poly1305 in the kernel, without a module.");
  await throughTunnel('wireguard');

  step('Through a tunnel with AES-256-GCM and P-256 (Linux 6.10).');
  await throughTunnel('aes-256-gcm');

  step('Inline: the same addresses as at first, sealed on the way.');
  await inline();
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  await perform(play, { deadlineMs: DEADLINE_MS });
}
