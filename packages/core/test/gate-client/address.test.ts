import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import { addressBytes as gateAddressBytes } from '../../src/gate/address.js';
import { addressBytes, formatAddress } from '../../src/gate-client.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('an address', () => {
  test.each([
    ['192.0.2.1', '00000000000000000000ffffc0000201'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['::ffff:c000:201', '00000000000000000000ffffc0000201'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['2001:DB8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ])('%s is %s', (text, bytes) => {
    expect(hex(addressBytes(text))).toBe(bytes);
  });

  test('comes back as it was written, and reads as the gate reads it', () => {
    for (let i = 0; i < 3000; i++) {
      const bytes = new Uint8Array(randomBytes(16)).map((byte) => (byte & 1 ? byte : 0));
      if (i % 3 === 0) bytes.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
      const text = formatAddress(bytes);
      expect(addressBytes(text)).toEqual(bytes);
      expect(addressBytes(text)).toEqual(gateAddressBytes(text));
    }
  });

  test.each([
    ...[
      '',
      'host',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '01.2.3.4',
      '1.2.3.4 ',
      '1.2..4',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
    ],
    ...[
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '12345::',
      'g::',
      'fe80::1%eth0',
      '1.2.3.4::',
      '::1.2.3',
      '::1.2.3.4:5',
    ],
  ])('is not %j', (text) => {
    expect(isIP(text) === 0 || text.includes('%')).toBe(true);
    expect(() => addressBytes(text)).toThrow(new TypeError(`"${text}" is no IPv4 or IPv6 address`));
  });
});
