const WORDS = 1024;

/** Numbers of 16 bits as programs hold them: a bit for each, in 64-bit words. See set_has() in bpf/lib/packet.h. */
export function numberSet(numbers: Iterable<number>): bigint[] {
  const words = new Array<bigint>(WORDS).fill(0n);
  for (const number of numbers) words[number >> 6]! |= 1n << BigInt(number & 63);
  return words;
}
