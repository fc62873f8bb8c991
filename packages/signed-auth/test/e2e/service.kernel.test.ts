import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addressBytes } from '../../../pow/test/support/addresses.js';
import type { SignedAuth } from '../../src/index.js';
import { testKey } from '../support/keys.js';
import { Sender, text } from '../support/packets.js';
import { CLIENT, KEY, Lab, type Peer, PORT, packets, SERVER, settled, sleep } from './lab.js';

const OTHER = testKey(2);
const now = () => Math.floor(Date.now() / 1000);

let lab: Lab;
let auth: SignedAuth;
beforeAll(async () => {
  lab = await Lab.create();
  auth = await lab.attachAndWait();
});
afterAll(() => lab[Symbol.dispose]());

const sign = (sender: Sender, payload: string, changes = {}) =>
  sender.sign(text(payload), { audience: 'echo.example', ...changes });

/** One for each family: a key has few senders at a time. */
const SENDERS = { ipv4: new Sender(KEY, now, 4n), ipv6: new Sender(KEY, now, 6n) };

/** Under emulation, which is slow, one. */
const FAMILIES = process.env.CRYPTBPF_VM ? (['ipv6'] as const) : (['ipv4', 'ipv6'] as const);

describe.each(FAMILIES)('an unchanged echo service, over %s', (family) => {
  let peer: Peer;
  let sender: Sender;
  beforeEach(() => {
    auth.update({ bindAddress: false, keepTrailer: false });
    lab.seen.length = 0;
    peer = lab.socket(family);
    sender = SENDERS[family];
  });

  /** Sends what must not pass, then what does: that alone is seen. */
  async function refused(payloads: readonly Uint8Array[], reason: Parameters<typeof packets>[1]) {
    const before = packets(auth, reason);
    for (const payload of payloads) peer.send(payload);
    await settled(auth, reason, before + payloads.length);
    expect(packets(auth, reason)).toBe(before + payloads.length);
    expect(String(await peer.ask(sign(sender, 'good')))).toBe('good');
    expect(lab.seen.map(String)).toEqual(['good']);
  }

  it('answers who signs, and sees the plain payload', async () => {
    for (const payload of ['', 'a', 'hello', 'x'.repeat(1200)]) {
      expect(String(await peer.ask(sign(sender, payload)))).toBe(payload);
    }
    expect(lab.seen.map(String)).toEqual(['', 'a', 'hello', 'x'.repeat(1200)]);
  });

  it('never sees what is not signed', () => refused([text('plain'), new Uint8Array(200)], 'DROP_UNSIGNED'));

  it('never sees what was changed', () => {
    const changed = sign(sender, 'payload');
    changed[0]! ^= 1;
    return refused([changed], 'DROP_SIGNATURE');
  });

  it('never sees what another key signed', () =>
    refused([sign(sender, 'x', { key: OTHER.privateKey })], 'DROP_SIGNATURE'));

  it('never sees a packet twice', async () => {
    const signed = sign(sender, 'once');
    expect(String(await peer.ask(signed))).toBe('once');
    lab.seen.length = 0;
    await refused([signed, signed], 'DROP_REPLAY');
  });

  it('never sees what was signed too long ago', () =>
    refused([sign(sender, 'old', { fieldChanges: { time: now() - 33 } })], 'DROP_TIME'));

  it('never sees what was meant for another service', () =>
    refused([sign(sender, 'else', { audience: 'other.example' })], 'DROP_SIGNATURE'));

  it('never sees a packet of a key that was revoked, from the next one on', async () => {
    await auth.addKey({ id: OTHER.id, key: OTHER.publicKey });
    const other = new Sender(OTHER, now);
    expect(String(await peer.ask(sign(other, 'before')))).toBe('before');
    expect(auth.revokeKey(OTHER.id)).toBe(true);
    lab.seen.length = 0;
    await refused([sign(other, 'after')], 'DROP_KEY_UNKNOWN');
    expect(auth.revokeKey(OTHER.id)).toBe(false);
  });

  it('never sees a packet of a key that is over', async () => {
    await auth.addKey({ id: OTHER.id, key: OTHER.publicKey, expires: Date.now() + 2000 });
    const other = new Sender(OTHER, now);
    expect(String(await peer.ask(sign(other, 'before')))).toBe('before');
    await sleep(2000);
    lab.seen.length = 0;
    await refused([sign(other, 'after')], 'DROP_KEY_EXPIRED');
    auth.revokeKey(OTHER.id);
  });

  it('never sees what was sent from elsewhere, where addresses are signed', async () => {
    auth.update({ bindAddress: true });
    const ends = {
      source: addressBytes(CLIENT[family]),
      destination: addressBytes(SERVER[family]),
      sourcePort: peer.port,
      destinationPort: PORT,
    };
    expect(String(await peer.ask(sign(sender, 'here', { ends })))).toBe('here');
    const before = packets(auth, 'DROP_SIGNATURE');
    const elsewhere = { ...ends, destination: addressBytes('10.99.0.77') };
    peer.send(sign(sender, 'not for you', { ends: elsewhere }));
    await settled(auth, 'DROP_SIGNATURE', before + 1);
    lab.socket(family).send(sign(sender, 'moved', { ends }));
    await settled(auth, 'DROP_SIGNATURE', before + 2);
    expect(packets(auth, 'DROP_SIGNATURE')).toBe(before + 2);
    expect(lab.seen.map(String)).toEqual(['here']);
  });

  it('sees the trailer where it is kept', async () => {
    auth.update({ keepTrailer: true });
    const signed = sign(sender, 'whole');
    expect(await peer.ask(signed)).toEqual(Buffer.from(signed));
  });
});
