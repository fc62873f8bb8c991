import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readElf, SYMBOL_FUNCTION, SYMBOL_OBJECT } from '../src/elf.js';
import { compile, coreObject } from './compile.js';

const bytes = readFileSync(coreObject);

describe('readElf', () => {
  it('reads sections with their data', () => {
    const license = readElf(bytes).sections.find(({ name }) => name === 'license');
    expect(Buffer.from(license!.data).toString()).toBe('GPL\0');
  });

  it('gives .bss a size and no data', () => {
    const bss = readElf(bytes).sections.find(({ name }) => name === '.bss')!;
    expect(bss.size).toBeGreaterThan(0);
    expect(bss.data).toHaveLength(0);
  });

  it('reads functions and variables with their section', () => {
    const { symbols } = readElf(bytes);
    const find = (name: string) => symbols.find((symbol) => symbol.name === name)!;
    expect(find('core_tc')).toMatchObject({ type: SYMBOL_FUNCTION, section: { name: 'tc' } });
    expect(find('threshold')).toMatchObject({ type: SYMBOL_OBJECT, section: { name: '.data' }, size: 8 });
  });

  it.each([
    ['nothing', new Uint8Array(), 'object is no ELF file'],
    ['text', Buffer.from('int main(void) { return 0; }'.repeat(9)), 'object is no ELF file'],
    ['a header alone', bytes.subarray(0, 64), 'object is truncated'],
    ['half of an object', bytes.subarray(0, bytes.length / 2), 'object is truncated'],
    ['a program of this machine', readFileSync('/bin/true'), 'object is for ELF machine'],
  ])('refuses %s', (_, source, message) => {
    expect(() => readElf(source)).toThrow(expect.objectContaining({ code: 'ERR_BAD_OBJECT' }));
    expect(() => readElf(source)).toThrow(message);
  });

  it('refuses a big-endian object', () => {
    const source = compile('__u32 x = 1;', ['-g', '-target', 'bpfeb']);
    expect(() => readElf(source)).toThrow('object is not 64-bit little-endian');
  });
});
