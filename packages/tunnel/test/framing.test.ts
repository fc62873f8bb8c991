import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultMtu, packetBytes, sealPacket } from '../src/datapath/framing.js';

const DOCUMENT = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const SECTION = DOCUMENT.slice(DOCUMENT.indexOf('### Vectors of data packets'));

/** The n-th value of that name in the document. */
function documented(name: string, place = 0): Uint8Array {
  const pattern = new RegExp(`^${name} += ([0-9a-f]+)$`, 'gm');
  return Uint8Array.from(Buffer.from([...SECTION.matchAll(pattern)][place]![1]!, 'hex'));
}

it.each([
  ['wireguard', 0],
  ['aes-256-gcm', 1],
] as const)('packets of suite %s are as documented', (suite, place) => {
  const text = documented('text');
  const key = documented('key');
  const packet = { key, receiver: 0x05060708, counter: 0x0102030405n, mtu: 1420 };
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  expect(hex(sealPacket(suite, { ...packet, text }))).toBe(hex(documented('packet', place)));
  expect(hex(sealPacket(suite, { ...packet, text: new Uint8Array() }))).toBe(
    hex(documented('keepalive', place)),
  );
  expect(packetBytes(suite, text.length, 1420)).toBe(documented('packet', place).length);
});

it('texts are padded to 16 bytes, but not beyond the MTU', () => {
  const bytes = (length: number, mtu: number) => packetBytes('wireguard', length, mtu) - 32;
  expect([0, 1, 16, 17, 1419, 1420].map((length) => bytes(length, 1420))).toEqual([
    0, 16, 16, 32, 1420, 1420,
  ]);
  expect(bytes(1500, 1420)).toBe(1500);
  expect([defaultMtu('wireguard'), defaultMtu('aes-256-gcm')]).toEqual([1420, 1416]);
});
