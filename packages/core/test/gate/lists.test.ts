import { describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/gate/address.js';
import { blocksOf } from '../../src/gate/lists.js';

/* The blocks of a list: what has no bit is not looked up, so that a bit too few would lift a ban. */

const blocks = (...prefixes: string[]) => blocksOf(prefixes.map(parsePrefix));

/** As the gate computes them from an address as it lies in memory. */
function blockOf(address: string): number {
  const { bytes } = parsePrefix(address);
  const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return bytes.length === 4 ? word & 0xffff : Math.imul(word, 0x9e3779b1) >>> 16;
}

function has(words: readonly bigint[], address: string): boolean {
  const block = blockOf(address);
  return ((words[block >> 6]! >> BigInt(block & 63)) & 1n) === 1n;
}

const count = (words: readonly bigint[]) =>
  words.reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0);

describe('blocks of IPv4', () => {
  it.each([
    ['192.0.2.7/32', 1, ['192.0.2.7'], ['192.1.2.7', '0.192.2.7']],
    ['192.0.0.0/16', 1, ['192.0.0.0', '192.0.255.255'], ['191.255.255.255', '192.1.0.0']],
    ['192.2.0.0/15', 2, ['192.2.0.0', '192.3.255.255'], ['192.1.255.255', '192.4.0.0']],
    ['10.0.0.0/8', 256, ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    ['0.0.0.0/0', 65_536, ['0.0.0.0', '255.255.255.255'], []],
  ])('%s is in %i', (prefix, many, inside, outside) => {
    const { ipv4, ipv6 } = blocks(prefix);
    expect([count(ipv4), count(ipv6)]).toEqual([many, 0]);
    for (const address of inside) expect(has(ipv4, address)).toBe(true);
    for (const address of outside) expect(has(ipv4, address)).toBe(false);
  });
});

describe('blocks of IPv6', () => {
  it('are of 32 bits', () => {
    const { ipv4, ipv6 } = blocks('2001:db8::/32', '2001:db8:1::/48', '2001:db9::1/128');
    expect([count(ipv4), count(ipv6)]).toEqual([0, 2]);
    for (const address of ['2001:db8::1', '2001:db8:ffff::', '2001:db9::'])
      expect(has(ipv6, address)).toBe(true);
    expect(has(ipv6, '2001:dba::')).toBe(false);
  });

  it.each(['2001:d00::/31', '::/0'])('%s is in all', (prefix) => {
    expect(count(blocks(prefix).ipv6)).toBe(65_536);
  });
});

it('no list is in none', () => {
  const { ipv4, ipv6 } = blocks();
  expect([ipv4.length, ipv6.length, count(ipv4), count(ipv6)]).toEqual([1024, 1024, 0, 0]);
});
