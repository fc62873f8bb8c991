import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { frame } from '../../../pow/test/support/packets.js';
import type { SignedAuth } from '../../src/index.js';
import { Sender, text } from '../support/packets.js';
import { concat, fieldsOf, footOf, MAGIC } from '../twin/trailer.js';
import { KEY, Lab, type Peer, PORT, packets, SERVER } from './lab.js';

const PER_SECOND = 100;
const SECONDS = 3;
const WAVE = 400;
const now = () => Math.floor(Date.now() / 1000);

let lab: Lab;
let auth: SignedAuth;
beforeAll(async () => {
  lab = await Lab.create();
  auth = await lab.attachAndWait({ curveBudget: { perSecond: PER_SECOND, burst: PER_SECOND } });
});
afterAll(() => lab[Symbol.dispose]());

/** Headers that are right in everything, from all over the network; only the signature is none. */
function forged(i: number, macs: Uint8Array): Uint8Array {
  const fields = fieldsOf({ instance: BigInt(i + 1000), counter: 1n, time: now(), keyId: KEY.id });
  const bytes = frame({
    ip: { source: `10.99.${i & 0xff}.${(i >> 8) & 0x7f}`, destination: SERVER.ipv4 },
    udp: { sourcePort: 1024 + (i & 0xff), destinationPort: PORT },
    payload: concat(text('flood'), fields, randomBytes(64), footOf({ type: 1 })),
  });
  bytes.set(macs, 0);
  return bytes;
}

/** A sender that shows a cookie once it was asked for one, and asks again when nothing comes. */
class Honest {
  readonly #peer: Peer;
  readonly #sender = new Sender(KEY, now);
  #cookie: Uint8Array | undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async ask(payload: string): Promise<string | undefined> {
    for (let tries = 0; tries < 5; tries++) {
      const cookie = this.#cookie ? { cookie: this.#cookie } : {};
      const signed = this.#sender.sign(text(payload), { audience: 'echo.example', ...cookie });
      const answer = await this.#peer.ask(signed);
      if (answer?.length === 64 && answer.readUInt32BE() === MAGIC) this.#cookie = answer.subarray(16, 48);
      else if (answer && String(answer) === payload) return payload;
    }
    return undefined;
  }
}

it(`costs no more than ${PER_SECOND} checks a second, and honest packets get through`, {
  timeout: 120_000,
}, async () => {
  const attacker = lab.client.openSocket('c0');
  const honest = new Honest(lab.socket('ipv4'));
  const macs = concat(lab.server.macOf('s0'), lab.client.macOf('c0'));
  const waves = Array.from({ length: WAVE * 8 }, (_, i) => forged(i, macs));
  const begin = performance.now();
  const before = packets(auth, 'DROP_SIGNATURE') + packets(auth, 'PASS_SIGNED');
  let sent = 0;
  let asked = 0;
  for (let wave = 0; performance.now() - begin < SECONDS * 1000; wave++) {
    for (let i = 0; i < WAVE; i++, sent++) attacker.send(waves[(wave * WAVE + i) % waves.length]!);
    expect(await honest.ask(`packet ${asked}`)).toBe(`packet ${asked}`);
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const seconds = (performance.now() - begin) / 1000;
  const checked = packets(auth, 'DROP_SIGNATURE') + packets(auth, 'PASS_SIGNED') - before;
  expect(checked).toBeLessThanOrEqual(PER_SECOND * (seconds + 1) + 1);
  expect(sent).toBeGreaterThan(3 * checked);
  expect(packets(auth, 'ANSWER_COOKIE')).toBeGreaterThan(0);
  const seen = new Set(lab.seen.map(String));
  expect([...seen]).toEqual(Array.from({ length: asked }, (_, i) => `packet ${i}`));
});
