import { describe, expect, it } from 'vitest';
import { growth } from '../verified/growth.mjs';
import { formatCounts, recordedCounts, withTable } from '../verified/table.mjs';

const PAGE = 'before\n<!-- verified: begin -->\nold\n<!-- verified: end -->\nafter\n';
const OBJECTS = [
  {
    object: 'hash_test',
    loadMs: 21.4,
    programs: [
      { program: 'hash_xdp', verified: 12_345 },
      { program: 'hash_tc', verified: 678 },
    ],
  },
  { object: 'pass', loadMs: 1.26, programs: [{ program: 'pass', verified: 2 }] },
];

const page = withTable(PAGE, formatCounts(OBJECTS));

function objectsWith(verified: number) {
  const [hash, pass] = OBJECTS as [(typeof OBJECTS)[0], (typeof OBJECTS)[0]];
  return [{ ...hash, programs: [{ program: 'hash_xdp', verified }, hash.programs[1]] }, pass];
}

describe('the table of verified instructions', () => {
  it('is written between its marks and read again', () => {
    expect(page).toMatch(/^before\n<!-- verified: begin -->.+`hash_xdp` +\| +12,345 \| +21 ms \|.+after\n$/s);
    expect(Object.fromEntries(recordedCounts(page))).toEqual({
      'hash_test/hash_xdp': 12_345,
      'hash_test/hash_tc': 678,
      'pass/pass': 2,
    });
  });

  it('is written into a page with marks only', () => {
    expect(() => withTable('no marks', '')).toThrow('the page lacks the marks');
  });

  it('allows what compilers and kernels differ by', () => {
    expect(growth(objectsWith(15_000), recordedCounts(page))).toEqual([]);
    expect(growth(objectsWith(1000), recordedCounts(page))).toEqual([]);
  });

  it('tells which program has grown', () => {
    expect(growth(objectsWith(16_000), recordedCounts(page))).toEqual([
      'hash_test/hash_xdp: 16000 instructions verified, 12345 are recorded',
    ]);
  });

  it('allows other kernels more', () => {
    expect(growth(objectsWith(40_000), recordedCounts(page), { sameKernel: false })).toEqual([]);
    expect(growth(objectsWith(60_000), recordedCounts(page), { sameKernel: false })).toHaveLength(1);
  });

  it('leaves out what the running kernel cannot load', () => {
    const [hash, pass] = OBJECTS;
    expect(growth([hash, { ...pass, programs: [] }], recordedCounts(page))).toEqual([]);
    expect(growth([hash], recordedCounts(page))).toHaveLength(1);
  });

  it('tells what is not recorded, and what is no longer there', () => {
    const [hash] = OBJECTS;
    expect(growth([hash], recordedCounts(withTable(PAGE, formatCounts([OBJECTS[1]]))))).toEqual([
      'hash_test/hash_xdp: its count is not recorded',
      'hash_test/hash_tc: its count is not recorded',
      'pass/pass: recorded, but there is no such program',
    ]);
  });
});
