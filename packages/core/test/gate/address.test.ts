import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  formatAddress,
  fromAddress,
  maskAddress,
  maskBytes,
  parsePrefix,
  toAddress,
} from '../../src/gate/address.js';

describe('addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::7', '2001:db8::7'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['::', '::'],
  ])('%s is written %s', (text, expected) => {
    expect(formatAddress(addressBytes(text))).toBe(expected);
    expect(formatAddress(fromAddress(toAddress(addressBytes(text))))).toBe(expected);
  });

  it.each(['', '192.0.2', '010.1.1.1.1', '256.1.1.1', '2001:db8', 'fe80::1%eth0', 'host', '1.2.3.4/32'])(
    'refuses "%s", and names it',
    (text) => {
      expect(() => addressBytes(text)).toThrow(
        expect.objectContaining({ code: 'ERR_BAD_ADDRESS', message: expect.stringContaining(`"${text}"`) }),
      );
    },
  );

  it.each([
    [0, '00000000000000000000000000000000'],
    [1, '80000000000000000000000000000000'],
    [64, 'ffffffffffffffff0000000000000000'],
    [100, 'fffffffffffffffffffffffff0000000'],
    [128, 'ffffffffffffffffffffffffffffffff'],
  ])('a mask of %i bits', (bits, hex) => {
    expect(Buffer.from(maskBytes(bits)).toString('hex')).toBe(hex);
  });

  it('masks an IPv4 address in IPv6 form', () => {
    expect(formatAddress(maskAddress(addressBytes('192.0.2.77'), maskBytes(96 + 24)))).toBe('192.0.2.0');
  });
});

describe('prefixes', () => {
  it.each([
    ['0.0.0.0/0', 4, 0],
    ['10.0.0.0/8', 4, 8],
    ['10.1.2.3', 4, 32],
    ['2001:db8::/32', 16, 32],
    ['2001:db8::1', 16, 128],
  ])('%s has %i bytes and %i bits', (text, bytes, length) => {
    expect(parsePrefix(text)).toMatchObject({ length, bytes: { length: bytes } });
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', '10.0.0.0/0x8'])(
    'refuses %s',
    (text) => {
      expect(() => parsePrefix(text)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }));
    },
  );

  it('refuses bits behind the prefix, which are a mistake more often than not', () => {
    expect(() => parsePrefix('10.0.0.1/24')).toThrow(
      '"10.0.0.1/24" has bits set behind its prefix of 24 bits',
    );
  });
});
