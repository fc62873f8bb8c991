import { readFileSync } from 'node:fs';
import { p256 as nobleP256 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { wycheproof } from '../../primitives/test/support/vectors.js';
import { aesGcm, chachaPoly } from '../src/noise/aead.js';
import { type DiffieHellman, type PrivateKey, p256, x25519 } from '../src/noise/diffie-hellman.js';
import { Initiator, type Parties, Responder } from '../src/noise/handshake.js';
import { blake2s, sha256 } from '../src/noise/hash.js';
import type { NoiseParameters } from '../src/noise/symmetric-state.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

interface Vector {
  name: string;
  prologue: string;
  psk: string;
  initiatorStatic: string;
  initiatorEphemeral: string;
  responderStatic: string;
  responderEphemeral: string;
  responderPublic: string;
  messages: [payload: string, message: string][];
}

const { vectors } = JSON.parse(readFileSync(new URL('noise-vectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

/** A group whose next ephemeral key is known. */
const withEphemeral = (dh: DiffieHellman, secret: string): DiffieHellman => ({
  ...dh,
  generate: () => dh.fromBytes(hex(secret)),
});

const parametersOf = (vector: Vector, ephemeral: string): NoiseParameters => ({
  name: vector.name,
  prologue: hex(vector.prologue),
  dh: withEphemeral(x25519, ephemeral),
  aead: vector.name.includes('AESGCM') ? aesGcm : chachaPoly,
  hash: vector.name.endsWith('SHA256') ? sha256 : blake2s,
});

const between = (local: PrivateKey, remote: Uint8Array, psk = new Uint8Array(32)): Parties => ({
  local,
  remote,
  shared: local.agree(remote),
  presharedKey: psk,
});

describe('Noise IKpsk2', () => {
  it('has vectors of all hashes and ciphers that the suites use', () => {
    expect(vectors.map(({ name }) => name).sort()).toEqual([
      'Noise_IKpsk2_25519_AESGCM_BLAKE2s',
      'Noise_IKpsk2_25519_AESGCM_SHA256',
      'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
      'Noise_IKpsk2_25519_ChaChaPoly_SHA256',
    ]);
  });

  it.each(vectors)('is as published: $name', (vector) => {
    const [first, second] = [vector.messages[0]!, vector.messages[1]!];
    const alice = x25519.fromBytes(hex(vector.initiatorStatic));
    const bob = x25519.fromBytes(hex(vector.responderStatic));
    expect(toHex(bob.publicKey)).toBe(vector.responderPublic);
    const toBob = between(alice, bob.publicKey, hex(vector.psk));
    const toAlice = between(bob, alice.publicKey, hex(vector.psk));

    const initiator = new Initiator(parametersOf(vector, vector.initiatorEphemeral), toBob);
    expect(toHex(initiator.write(hex(first[0])))).toBe(first[1]);

    const parameters = parametersOf(vector, vector.responderEphemeral);
    const responder = new Responder(parameters, bob);
    expect(toHex(responder.readStatic(hex(first[1])))).toBe(toHex(alice.publicKey));
    expect(toHex(responder.readPayload(toAlice.shared))).toBe(first[0]);
    const answer = responder.write(toAlice, hex(second[0]));
    expect(toHex(answer.message)).toBe(second[1]);

    const done = initiator.read(hex(second[1]))!;
    expect(toHex(done.payload)).toBe(second[0]);
    expect(done.keys).toEqual({ send: answer.keys.receive, receive: answer.keys.send });
    for (const [i, [payload, message]] of vector.messages.slice(2).entries()) {
      const key = i % 2 === 0 ? done.keys.send : answer.keys.send;
      const sealed = parameters.aead.seal(key, BigInt(i >> 1), new Uint8Array(0), hex(payload));
      expect(toHex(sealed)).toBe(message);
      expect(toHex(parameters.aead.open(key, BigInt(i >> 1), new Uint8Array(0), sealed))).toBe(payload);
    }
  });

  describe.each([
    ['25519', x25519],
    ['P256', p256],
  ] as const)('over %s', (name, dh) => {
    const parameters: NoiseParameters = {
      name: `Noise_IKpsk2_${name}_AESGCM_SHA256`,
      prologue: hex('01'),
      dh,
      aead: aesGcm,
      hash: sha256,
    };

    const exchange = (psks: [number, number]) => {
      const [alice, bob] = [dh.generate(), dh.generate()];
      const [toBob, toAlice] = [
        between(alice, bob.publicKey, new Uint8Array(32).fill(psks[0])),
        between(bob, alice.publicKey, new Uint8Array(32).fill(psks[1])),
      ];
      const initiator = new Initiator(parameters, toBob);
      const responder = new Responder(parameters, bob);
      const first = initiator.write(hex('aabb'));
      return { alice, initiator, responder, toAlice, first };
    };

    it('gives both sides the same keys, one for each direction', () => {
      const { alice, initiator, responder, toAlice, first } = exchange([7, 7]);
      expect(responder.readStatic(first)).toEqual(alice.publicKey);
      expect(toHex(responder.readPayload(toAlice.shared))).toBe('aabb');
      const { message, keys } = responder.write(toAlice, new Uint8Array(0));
      const done = initiator.read(message)!;
      expect(done.keys).toEqual({ send: keys.receive, receive: keys.send });
      expect(done.keys.send).not.toEqual(done.keys.receive);
    });

    it('does not finish with different preshared keys', () => {
      const { initiator, responder, toAlice, first } = exchange([7, 8]);
      responder.readStatic(first);
      responder.readPayload(toAlice.shared);
      expect(initiator.read(responder.write(toAlice, new Uint8Array(0)).message)).toBeUndefined();
    });

    it('refuses a first message with any bit changed', () => {
      const { first, toAlice } = exchange([0, 0]);
      for (let i = 0; i < first.length; i++) {
        const forged = Uint8Array.from(first);
        forged[i]! ^= 1 << (i % 8);
        const responder = new Responder(parameters, toAlice.local);
        const known = responder.readStatic(forged);
        expect(known && responder.readPayload(toAlice.shared)).toBeUndefined();
      }
    });

    it('refuses an answer with any bit changed, and takes the true one after it', () => {
      const { initiator, responder, toAlice, first } = exchange([0, 0]);
      responder.readStatic(first);
      responder.readPayload(toAlice.shared);
      const { message } = responder.write(toAlice, new Uint8Array(0));
      for (let i = 0; i < message.length; i++) {
        const forged = Uint8Array.from(message);
        forged[i]! ^= 1 << (i % 8);
        expect(initiator.read(forged)).toBeUndefined();
      }
      expect(initiator.read(message)).toBeDefined();
    });

    it('refuses messages that are cut short', () => {
      const { first, initiator, toAlice } = exchange([0, 0]);
      for (let length = 0; length < first.length; length++) {
        const responder = new Responder(parameters, toAlice.local);
        const known = responder.readStatic(first.subarray(0, length));
        expect(known && responder.readPayload(toAlice.shared)).toBeUndefined();
        expect(initiator.read(first.subarray(0, length))).toBeUndefined();
      }
    });
  });
});

describe('P-256', () => {
  const INITIATOR = 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433';
  const RESPONDER = 'd12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63';

  it('is that of RFC 5903, 8.1', () => {
    const key = p256.fromBytes(hex(INITIATOR));
    expect(toHex(key.publicKey)).toBe('dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180');
    expect(toHex(key.agree(hex(RESPONDER)))).toBe(
      'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
    );
  });

  it('agrees with another implementation, whichever point has the x', () => {
    for (let i = 0; i < 32; i++) {
      const secret = p256.generateBytes();
      const other = nobleP256.utils.randomSecretKey();
      const point = nobleP256.getPublicKey(other);
      const theirs = nobleP256.getSharedSecret(other, Uint8Array.of(2, ...p256.fromBytes(secret).publicKey));
      expect(p256.fromBytes(secret).agree(point.subarray(1))).toEqual(theirs.subarray(1));
    }
  });

  it('refuses an x without a point, and one beyond the field', () => {
    const key = p256.generate();
    let refused = 0;
    for (let x = 1; x <= 200; x++) {
      const candidate = new Uint8Array(32);
      candidate[31] = x;
      let onCurve = true;
      try {
        nobleP256.Point.fromBytes(Uint8Array.of(2, ...candidate));
      } catch {
        onCurve = false;
      }
      if (onCurve) expect(key.agree(candidate)).toHaveLength(32);
      else expect(() => key.agree(candidate)).toThrow();
      if (!onCurve) refused++;
    }
    expect(refused).toBeGreaterThan(50);
    expect(() => key.agree(new Uint8Array(32).fill(0xff))).toThrow();
  });

  it('refuses private keys of zero and of the order of the group', () => {
    const order = hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    expect(() => p256.fromBytes(new Uint8Array(32))).toThrow();
    expect(() => p256.fromBytes(order)).toThrow();
  });
});

describe('X25519', () => {
  const groups = wycheproof('x25519_test.json');

  if (groups)
    it('says what Wycheproof says, and refuses what agrees on zeros', () => {
      let refused = 0;
      for (const test of groups!.flatMap(({ tests }) => tests)) {
        const agree = () => x25519.fromBytes(hex(test.private as string)).agree(hex(test.public as string));
        const zeros = test.flags.includes('ZeroSharedSecret');
        if (zeros) expect(agree).toThrow();
        else expect(toHex(agree())).toBe(test.shared);
        if (zeros) refused++;
      }
      expect(refused).toBeGreaterThan(20);
    });

  it('makes private keys as wg genkey does', () => {
    const secret = x25519.generateBytes();
    expect(secret[0]! & 7).toBe(0);
    expect(secret[31]! & 0xc0).toBe(0x40);
  });
});
