import { createHash, randomBytes } from 'node:crypto';
import { openObject } from '@cryptbpf/core';

const OBJECT = new URL('../../build/bpf/hash_bench.bpf.o', import.meta.url);
const XDP_PASS = 2;
const CHECKED = 1000;

export const HASHES = [
  measure('sha256_of_block', 40, {
    name: 'sha256/block',
    baseline: 'sha256-block',
    goal: { value: 320 },
    note: '40 bytes of the packet: one block',
  }),
  measure('sha256_of_1400', 1400, {
    name: 'sha256/1400',
    baseline: 'sha256-1400',
    note: '1400 bytes of the packet',
  }),
];

function measure(program, length, row) {
  return () => {
    const object = openObject(OBJECT).load();
    const chain = new Chain(object.programs[program], length);
    return { sides: [{ ...row, time: (count) => chain.time(count) }], close: () => object.close() };
  };
}

/** Each run hashes what the run before made of the packet: see bpf/test/hash_bench.bpf.c. */
class Chain {
  #program;
  #packet;

  constructor(program, length) {
    this.#program = program;
    this.#packet = randomBytes(length);
    const expected = hashed(this.#packet, CHECKED);
    this.time(CHECKED);
    if (!expected.equals(this.#packet)) throw new Error(`${program.name} hashes wrongly`);
  }

  /** Nanoseconds of one run of so many. */
  time(count) {
    const { returnValue, durationNs, data } = this.#program.testRun({ data: this.#packet, repeat: count });
    if (returnValue !== XDP_PASS) throw new Error(`${this.#program.name} returned ${returnValue}`);
    this.#packet = Buffer.from(data);
    return durationNs;
  }
}

function hashed(message, count) {
  const bytes = Buffer.from(message);
  for (let i = 0; i < count; i++) bytes.set(createHash('sha256').update(bytes).digest());
  return bytes;
}
