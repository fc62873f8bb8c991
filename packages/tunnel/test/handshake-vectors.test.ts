import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Suite } from '../src/contract.js';
import type { Indices } from '../src/exchange/indices.js';
import { readMessage } from '../src/exchange/messages.js';
import { type TunnelSuite, tunnelSuite } from '../src/exchange/suite.js';
import { type Parties, Responder } from '../src/noise/handshake.js';
import { type Answer, Negotiation } from '../src/peer/negotiation.js';
import { type Given, handshake } from './twin/handshake.js';

/* The vectors of docs/protocols.md, read from there, against this package and against an implementation of its own. */

const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];
const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const section = specification
  .split('## Tunnel')[1]!
  .split('### Vectors of handshakes')[1]!
  .split('\n## ')[0]!;

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** In the block of its suite, or in the one for both. */
function vector(suite: Suite | 'both', name: string): Uint8Array {
  const [both, wireguard, aes] = section.split('```').filter((_, i) => i % 2 === 1);
  const block = { both, wireguard, 'aes-256-gcm': aes }[suite]!;
  const line = block.split('\n').find((line) => line.startsWith(`${name} `) && line.includes('= '));
  return hex(/= ([0-9a-f]+)/.exec(line!)![1]!);
}

const given: Given = {
  initiator: vector('both', 'initiator static'),
  initiatorEphemeral: vector('both', 'initiator ephemeral'),
  responder: vector('both', 'responder static'),
  responderEphemeral: vector('both', 'responder ephemeral'),
  presharedKey: vector('both', 'preshared key'),
  timestamp: vector('both', 'timestamp'),
  initiatorIndex: 0x01020304,
  responderIndex: 0x05060708,
  nonce: vector('both', 'nonce of the cookie'),
  cookie: vector('both', 'cookie'),
};
/** 2027-01-15 08:00:00, of which the timestamp is. */
const UNIX_NS = 1_800_000_000_000_000_000n;

/** With a known ephemeral key. */
const suiteWith = (suite: TunnelSuite, ephemeral: Uint8Array): TunnelSuite => {
  const dh = { ...suite.noise.dh, generate: () => suite.noise.dh.fromBytes(ephemeral) };
  return { ...suite, noise: { ...suite.noise, dh } };
};

/** Gives out one index. */
const only = (index: number) =>
  ({ take: () => index, free: () => {}, ownerOf: () => undefined }) as unknown as Indices<string>;

describe.each(SUITES)('%s: the vectors of handshakes', (name) => {
  const suite = tunnelSuite(name);
  const { dh } = suite.noise;
  const [alice, bob] = [dh.fromBytes(given.initiator), dh.fromBytes(given.responder)];
  const shared = alice.agree(bob.publicKey);
  const partiesOf = (local: typeof alice, remote: typeof bob): Parties => ({
    local,
    remote: remote.publicKey,
    shared: Uint8Array.from(shared),
    presharedKey: given.presharedKey,
  });
  const initiate = () => {
    const negotiation = new Negotiation(
      suiteWith(suite, given.initiatorEphemeral),
      partiesOf(alice, bob),
      only(given.initiatorIndex),
      'bob',
    );
    return { negotiation, initiation: negotiation.initiate(0, UNIX_NS) };
  };

  it('follow from the document', () => {
    const computed = handshake(name, given);
    for (const [key, label] of Object.entries({
      initiation: 'initiation',
      cookieReply: 'cookie reply',
      initiationWithCookie: 'initiation with the cookie',
      response: 'response',
      initiatorKey: "initiator's sending key",
      responderKey: "responder's sending key",
    })) {
      expect(toHex(computed[key as keyof typeof computed])).toBe(toHex(vector(name, label)));
    }
    expect(toHex(alice.publicKey)).toBe(toHex(vector(name, 'initiator public')));
    expect(toHex(bob.publicKey)).toBe(toHex(vector(name, 'responder public')));
  });

  it('are what the initiator sends and reads', () => {
    const { negotiation, initiation } = initiate();
    expect(toHex(initiation)).toBe(toHex(vector(name, 'initiation')));
    const message = readMessage(suite, vector(name, 'response'));
    const session = message?.type === 'response' ? negotiation.finish(message) : undefined;
    expect(session).toMatchObject({
      localIndex: given.initiatorIndex,
      remoteIndex: given.responderIndex,
      initiator: true,
    });
    expect(toHex(session!.sendKey)).toBe(toHex(vector(name, "initiator's sending key")));
    expect(toHex(session!.receiveKey)).toBe(toHex(vector(name, "responder's sending key")));
  });

  it('are what the responder reads and sends', () => {
    const message = readMessage(suite, vector(name, 'initiation'));
    if (message?.type !== 'initiation') throw new Error('it is no initiation');
    const known = suiteWith(suite, given.responderEphemeral);
    const responder = new Responder(known.noise, bob);
    expect(responder.readStatic(message.noise)).toEqual(alice.publicKey);
    const negotiation = new Negotiation(known, partiesOf(bob, alice), only(given.responderIndex), 'alice');
    const answer = negotiation.answer(responder, message, 0) as Answer;
    expect(toHex(answer.message)).toBe(toHex(vector(name, 'response')));
    expect(toHex(answer.session.sendKey)).toBe(toHex(vector(name, "responder's sending key")));
    expect(toHex(answer.session.receiveKey)).toBe(toHex(vector(name, "initiator's sending key")));
  });

  it('are what becomes of a cookie', () => {
    const { negotiation, initiation } = initiate();
    const message = readMessage(suite, vector(name, 'cookie reply'));
    if (message?.type !== 'cookie') throw new Error('it is no cookie');
    expect(negotiation.macs.takeCookie(message, 0)).toBe(true);
    negotiation.macs.write(initiation, 0);
    expect(toHex(initiation)).toBe(toHex(vector(name, 'initiation with the cookie')));
  });
});
