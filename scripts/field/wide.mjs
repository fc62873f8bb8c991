import { readFileSync } from 'node:fs';
import { p384, p521 } from '@noble/curves/nist.js';
import { Assembly } from './assembly.mjs';
import { limbsOf, product } from './product.mjs';

/*
 * The arithmetic of P-384 and P-521 (FIPS 186-4, D.1.2.4 and D.1.2.5): bpf/lib/p384_field.gen.h, p521_field.gen.h. R is
 * at least 2^8 times p, so that sums of some products need no reduction before they are multiplied.
 */

const RADIX = 28;
/** 2^(5 - 1): windows are of 5 bits, with a sign. */
const MULTIPLES = 16;
/** By how much limbs of both factors, taken together, may exceed those of a product. */
const SLACK = 6;

const P384 = {
  ...numbersOf(p384),
  name: 'p384',
  limbs: 14,
  bytes: 48,
  p: {
    modulus: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    sparse: [
      [384, 1],
      [128, -1],
      [96, -1],
      [32, 1],
    ],
  },
};

const P521 = {
  ...numbersOf(p521),
  name: 'p521',
  limbs: 19,
  bytes: 66,
  p: { modulus: 2n ** 521n - 1n, sparse: [[521, 1]] },
};

/** The order of the group, b, and the generator's multiples from 1 on. */
function numbersOf({ Point }) {
  const { n, b } = Point.CURVE();
  const multiple = (_, i) => Point.BASE.multiply(BigInt(i + 1)).toAffine();
  return { n, b, multiples: Array.from({ length: MULTIPLES }, multiple) };
}

function fieldsOf(curve) {
  const layout = { limbs: curve.limbs, radix: RADIX };
  return { p: { name: 'p', ...layout, ...curve.p }, n: { name: 'n', ...layout, modulus: curve.n } };
}

function operand(assembly, field, parameter, { times = 1, signed = true } = {}) {
  const element = assembly.member(field, parameter);
  element.bits = RADIX + Math.log2(times);
  element.signed = signed;
  return element;
}

function multiplication(curve, field, slack) {
  const assembly = new Assembly(['to', 'a', 'b'].map((name) => `struct ${curve.name}_element *${name}`));
  const a = operand(assembly, field, 'a', { times: slack });
  product(assembly, field, {
    terms: [{ a, b: operand(assembly, field, 'b') }],
    into: assembly.member(field, 'to'),
  });
  return assembly;
}

function ofOne(curve, field, term) {
  const assembly = new Assembly(['to', 'a'].map((name) => `struct ${curve.name}_element *${name}`));
  const a = operand(assembly, field, 'a', { times: 2 });
  product(assembly, field, { terms: [term(a)], into: assembly.member(field, 'to') });
  return assembly;
}

function functionsOf(curve) {
  const { p, n } = fieldsOf(curve);
  return [
    ['multiply', `to = a * b / R mod p`, multiplication(curve, p, SLACK)],
    ['square', 'to = a * a / R mod p', ofOne(curve, p, (a) => ({ a, b: a }))],
    ['reduce', 'to = a / R mod p: from 0 to p, both included', ofOne(curve, p, (a) => ({ a }))],
    ['multiply_scalars', 'to = a * b / R mod n', multiplication(curve, n, 1)],
  ].map(([name, comment, assembly]) => assembly.toFunction(`${curve.name}_${name}`, comment));
}

function constantsOf(curve) {
  const { p, n } = fieldsOf(curve);
  const words = Math.ceil(curve.bytes / 8);
  const r = 2n ** BigInt(curve.limbs * RADIX);
  const limbs = (value) => `{${limbsOf(p, value).map(hex)}}`;
  const inWords = (value) => `{${wordsOf(value, words).map(hex)}}`;
  const mont = (value) => limbs((value * r) % p.modulus);
  const { name } = curve;
  return [
    ['LIMBS', curve.limbs],
    ['WORDS', words],
    ['BYTES', curve.bytes],
    ['BITS', curve.n.toString(2).length],
    ['P_LIMBS', limbs(p.modulus), 'p'],
    ['N_LIMBS', limbs(n.modulus), 'n'],
    ['P_WORDS', inWords(p.modulus), 'p'],
    ['N_WORDS', inWords(n.modulus), 'n'],
    ['P_MINUS_N_WORDS', inWords(p.modulus - n.modulus), 'p - n'],
    ['N_MINUS_2_WORDS', inWords(n.modulus - 2n), 'the exponent that inverts modulo n'],
    ['ONE', mont(1n), '1 in Montgomery form: R mod p'],
    ['B', mont(curve.b), 'the b of the curve in Montgomery form'],
    ['R_SQUARED', limbs(r ** 2n % p.modulus), 'R^2 mod p: to Montgomery form by one multiplication'],
    ['N_R_SQUARED', limbs(r ** 2n % n.modulus), 'R^2 mod n'],
    ['N_ONE', limbs(r % n.modulus), 'R mod n'],
    [
      'GENERATOR',
      `{${curve.multiples.map(({ x, y }) => `\\\n\t{{${mont(x)}},{${mont(y)}}}`)}}`,
      'its multiples',
    ],
  ].map(
    ([constant, value, comment]) =>
      `#define ${name.toUpperCase()}_${constant} ${value}${comment ? ` /* ${comment} */` : ''}\n`,
  );
}

function wordsOf(value, count) {
  return Array.from({ length: count }, (_, i) => BigInt.asUintN(64, value >> BigInt(64 * i)));
}

function hex(value) {
  return `0x${value.toString(16)}${value > 0xffffffffn ? 'ull' : ''}`;
}

function fieldFile(curve) {
  const element = `struct ${curve.name}_element {\n\t__s64 limb[${curve.name.toUpperCase()}_LIMBS];\n};\n`;
  const text = [...constantsOf(curve), '', element, ...functionsOf(curve)].join('\n');
  return { path: `bpf/lib/${curve.name}_field.gen.h`, include: 'common.h', text };
}

/** P-521 is P-384 with other numbers. */
function twin(path, from) {
  const text = readFileSync(new URL(`../../${from}`, import.meta.url), 'utf8');
  const name = from.split('/').at(-1);
  const copy = text.replaceAll('P384', 'P521').replaceAll('p384', 'p521').replaceAll('P-384', 'P-521');
  const [licence, ...rest] = copy.split('\n');
  return {
    path,
    whole: [licence, `/* Generated from ${name} by scripts/field. Do not edit. */`, ...rest].join('\n'),
  };
}

export const WIDE_FILES = [
  fieldFile(P384),
  fieldFile(P521),
  twin('bpf/lib/p521.h', 'bpf/lib/p384.h'),
  twin('bpf/test/p521_test.bpf.c', 'bpf/test/p384_test.bpf.c'),
];
