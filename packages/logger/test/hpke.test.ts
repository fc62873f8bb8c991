import { expect, test } from 'vitest';
import { open, seal } from '../src/hpke.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

/* RFC 9180, A.5.1, sequence number 0. */
const info = bytes('4f6465206f6e2061204772656369616e2055726e');
const aad = bytes('436f756e742d30');
const ephemeral = bytes('7550253e1147aae48839c1f8af80d2770fb7a4c763afe7d0afa7e0f42a5b3689');
const scalar = bytes('a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b');
const point = bytes(
  '04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f40bad9bb726f68a5c013806a790ec716ab8669f84f6b694596c2987cf35baba2a006',
);
const enc =
  '04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824fc1559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e381291';
const text = bytes('4265617574792069732074727574682c20747275746820626561757479');
const sealed = '6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b';

test('the vector of the RFC', () => {
  const made = seal(text, { point, info, aad, scalar: ephemeral });
  expect(made.enc.toString('hex')).toBe(enc);
  expect(made.sealed.toString('hex')).toBe(sealed);
  expect(open(made.enc, made.sealed, { scalar, point, info, aad })).toEqual(text);
});

test('what is changed does not open, and a bad point is no error', () => {
  const options = { scalar, point, info, aad };
  const flipped = (buffer: Buffer, at: number) =>
    buffer.map((byte, i) => (i === at ? byte ^ 1 : byte)) as Buffer;
  expect(open(bytes(enc), flipped(bytes(sealed), 3), options)).toBeUndefined();
  expect(open(flipped(bytes(enc), 20), bytes(sealed), options)).toBeUndefined();
  expect(open(bytes(enc), bytes(sealed), { ...options, info: aad })).toBeUndefined();
  expect(open(bytes(enc), bytes(sealed), { ...options, aad: info })).toBeUndefined();
  expect(open(bytes(enc).subarray(1), bytes(sealed), options)).toBeUndefined();
});

test('each message has an ephemeral key of its own', () => {
  const [a, b] = [seal(text, { point, info, aad }), seal(text, { point, info, aad })];
  expect(a.enc).not.toEqual(b.enc);
});
