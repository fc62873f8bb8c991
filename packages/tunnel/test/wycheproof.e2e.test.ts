import { createCipheriv, createDecipheriv } from 'node:crypto';
import { features } from '@cryptbpf/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wycheproof } from '../../primitives/test/support/vectors.js';
import type { Suite } from '../src/contract.js';
import {
  HEADER_BYTES,
  INSIDE_THEM,
  INSIDE_US,
  inner,
  Programs,
  TC_DROPPED,
  TC_REDIRECTED,
  UDP_PAYLOAD,
} from './support/programs.js';

/*
 * Wycheproof's keys, texts and false tags in the tunnel's own programs. No case fits the packets as it is: nonces begin
 * with four zero bytes there, and associated data is the header, or none. Of 66 of AES-256-GCM and 316 of
 * ChaCha20-Poly1305, one and ten have such nonces, all with other associated data. So the counter is the end of the
 * case's nonce, and what the case changes in the tag is changed in that of the packet. The cases as they are go through
 * the same functions in the tests of the primitives.
 */

const FILES: Record<Suite, string> = {
  wireguard: 'chacha20_poly1305_test.json',
  'aes-256-gcm': 'aes_gcm_test.json',
};
const CIPHERS = { wireguard: 'chacha20-poly1305', 'aes-256-gcm': 'aes-256-gcm' } as const;
const hasAes = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';
const SUITES: readonly Suite[] = hasAes ? ['wireguard', 'aes-256-gcm'] : ['wireguard'];
const TEXT_MAX = 1300;

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ b[i]!);

interface Case {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly tag: string;
  readonly result: 'valid' | 'invalid';
}

/** The tag that belongs to the case. */
function trueTag(suite: Suite, { key, iv, aad, msg }: Omit<Case, 'tag' | 'result'>): Uint8Array {
  const cipher = createCipheriv(CIPHERS[suite] as 'aes-256-gcm', hex(key), hex(iv), { authTagLength: 16 });
  cipher.setAAD(hex(aad));
  cipher.update(hex(msg));
  cipher.final();
  return cipher.getAuthTag();
}

/** A few that are there where Wycheproof's are not: extremes, right and with one bit of the tag changed. */
function extremes(suite: Suite): Case[] {
  const texts = [0, 15, 16, 17, 64, 65].flatMap((length) => ['00', 'ff'].map((byte) => byte.repeat(length)));
  return ['00', 'ff'].flatMap((byte) =>
    texts.flatMap((msg, i) => {
      const given = { key: byte.repeat(32), iv: byte.repeat(12), aad: '', msg };
      const tag = trueTag(suite, given);
      const changed = tag.map((value, at) => (at === i ? value ^ 0x80 : value));
      const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
      return [
        { ...given, tag: text(tag), result: 'valid' as const },
        { ...given, tag: text(changed), result: 'invalid' as const },
      ];
    }),
  );
}

function casesOf(suite: Suite): Case[] {
  const groups = wycheproof(FILES[suite]) ?? [];
  const fit = groups.filter(
    ({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128,
  );
  const found = fit.flatMap(({ tests }) => tests as readonly unknown[] as readonly Case[]);
  return [...extremes(suite), ...found].filter(({ msg }) => msg.length / 2 <= TEXT_MAX);
}

describe.each(SUITES)('suite %s', (suite) => {
  const cases = casesOf(suite);
  let programs: Programs;
  beforeAll(async () => {
    programs = new Programs(suite, { rejectAfterMessages: 2n ** 64n - 1n });
    await programs.locate('ipv4');
  });
  afterAll(() => programs[Symbol.dispose]());

  const reasons = () => ({ ...programs.dataPath.drops() }) as Record<string, bigint>;

  function expectDrop(reason: string, packet: Uint8Array): void {
    const before = reasons();
    expect(programs.receive(packet).verdict).toBe(TC_DROPPED);
    const after = reasons();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual([reason]);
  }

  it('opens what is authentic, and nothing else', () => {
    for (const test of cases) {
      const [key, sent] = [hex(test.key), hex(test.tag)];
      const iv = new DataView(hex(test.iv).buffer);
      programs.install({ receiveKey: key });
      const counter = iv.getBigUint64(4, suite === 'wireguard') & (2n ** 63n - 1n);
      const good = programs.packet(hex(test.msg), counter);
      const change = xor(sent, trueTag(suite, test));
      expect(change.some((byte) => byte !== 0)).toBe(test.result === 'invalid');
      if (test.result === 'invalid') {
        const bad = Uint8Array.from(good);
        bad.set(xor(good.subarray(-16), change), good.length - 16);
        expectDrop('DROP_TUNNEL_FORGED', bad);
      }
      if (test.msg === '')
        expect(programs.receive(good).verdict).toBe(TC_DROPPED); // as a keepalive
      else expectDrop('DROP_TUNNEL_INNER', good);
      expectDrop('DROP_REPLAY', good);
    }
  });

  it('seals what node:crypto opens', () => {
    for (const test of cases) {
      const sendKey = hex(test.key);
      programs.install({ sendKey });
      const ip = { source: INSIDE_US.ipv4, destination: INSIDE_THEM.ipv4 };
      const text = inner('ipv4', 0, { ip, payload: hex(test.msg) });
      const { verdict, packet } = programs.send(text);
      expect(verdict).toBe(TC_REDIRECTED);
      const sealed = packet.subarray(UDP_PAYLOAD.ipv4);
      const header = sealed.subarray(0, HEADER_BYTES[suite]);
      const options = { authTagLength: 16 };
      const decipher = createDecipheriv(
        CIPHERS[suite] as 'aes-256-gcm',
        sendKey,
        new Uint8Array(12),
        options,
      );
      if (suite === 'aes-256-gcm') decipher.setAAD(header);
      decipher.setAuthTag(sealed.subarray(-16));
      const opened = decipher.update(sealed.subarray(header.length, -16));
      decipher.final();
      expect(Buffer.from(opened.subarray(0, text.length))).toEqual(Buffer.from(text));
    }
  });
});
