import { limbsOf } from './product.mjs';

/* Numbers of a curve as C initialisers, in each form that its code needs. */

/** Signed limbs of so many bits, for the inversion. */
const INVERSE_LIMBS = { limbs: 9, radix: 30 };

export function constantsOf({ prefix, p, n, b }) {
  const r = 2n ** BigInt(p.limbs * p.radix);
  const element = (value) => limbsOf(p, value);
  const word = (value) => wordsOf(value, 4);
  const inverse = (value) => limbsOf(INVERSE_LIMBS, value);
  const lines = [
    ['P_LIMBS', 'p', element(p.modulus)],
    ['N_LIMBS', 'n', element(n.modulus)],
    ['P_WORDS', 'p', word(p.modulus)],
    ['N_WORDS', 'n', word(n.modulus)],
    ['P_MINUS_N_WORDS', 'p - n', word(p.modulus - n.modulus)],
    ['ONE', '1 in Montgomery form: R mod p', element(r % p.modulus)],
    ['THREE', '3 in Montgomery form', element((3n * r) % p.modulus)],
    ['B', 'the b of the curve in Montgomery form', element((b * r) % p.modulus)],
    ['R_SQUARED', 'R^2 mod p: to Montgomery form by one multiplication', element(r ** 2n % p.modulus)],
    ['P_INVERSE', 'p, 30 bits a limb', inverse(p.modulus)],
    ['N_INVERSE', 'n, 30 bits a limb', inverse(n.modulus)],
    ['R_MOD_P', 'R mod p, 30 bits a limb', inverse(r % p.modulus)],
    ['R_MOD_N', 'R mod n, 30 bits a limb', inverse(r % n.modulus)],
  ];
  return [
    ...lines.map(([name, comment, values]) => defined(`${prefix}_${name}`, comment, `{${values.map(hex)}}`)),
    defined(`${prefix}_P_FACTOR`, '1 / p mod 2^30', hex(inverseOf(p.modulus))),
    defined(`${prefix}_N_FACTOR`, '1 / n mod 2^30', hex(inverseOf(n.modulus))),
  ].join('');
}

function wordsOf(value, count) {
  return Array.from({ length: count }, (_, i) => BigInt.asUintN(64, value >> BigInt(64 * i)));
}

function hex(value) {
  return `0x${value.toString(16)}${value > 0xffffffffn ? 'ull' : ''}`;
}

function inverseOf(modulus) {
  let inverse = 1n;
  for (let bits = 1; bits < 30; bits *= 2) inverse *= 2n - modulus * inverse;
  return BigInt.asUintN(30, inverse);
}

function defined(name, comment, value) {
  return `#define ${name} ${value} /* ${comment} */\n`;
}
