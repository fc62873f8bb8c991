import { Assembly } from './assembly.mjs';
import { constantsOf } from './constants.mjs';
import { product } from './product.mjs';

/* The arithmetic of P-256 (FIPS 186-4, D.1.2.3): bpf/lib/p256_field.gen.h, p256_constants.gen.h. */

const LAYOUT = { limbs: 9, radix: 29 };

/** The field of coordinates: p = 2^256 - 2^224 + 2^192 + 2^96 - 1. */
const P = {
  name: 'p',
  ...LAYOUT,
  modulus: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  sparse: [
    [256, 1],
    [224, -1],
    [192, 1],
    [96, 1],
  ],
};

/** The field of scalars: n is the order of the group. */
const N = {
  name: 'n',
  ...LAYOUT,
  modulus: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

const POINTERS = ['to', 'a', 'b'];

function multiplication(field) {
  const assembly = new Assembly(POINTERS.map((name) => `struct p256_element *${name}`));
  const [into, a, b] = POINTERS.map((name) => assembly.member(field, name));
  product(assembly, field, { terms: [{ a, b }], into });
  return assembly;
}

function ofOne(field, term) {
  const assembly = new Assembly(['struct p256_element *to', 'struct p256_element *a']);
  const a = assembly.member(field, 'a');
  product(assembly, field, { terms: [term(a)], into: assembly.member(field, 'to') });
  return assembly;
}

/** The elements of a struct that a parameter points to. */
function members(assembly, parameter, count) {
  return Array.from({ length: count }, (_, n) => assembly.member(P, parameter, n));
}

/*
 * Additions are cut into these pieces, and not made one by one in full, for the sake of the processor's caches of
 * decoded instructions: docs/p256.md.
 */

/** Of struct p256_lane: difference = denominator * numerator - value, for x and for y. */
function difference() {
  const assembly = new Assembly(['struct p256_lane *lane', 'struct p256_element *numerator']);
  const [value, , denominator, , into] = members(assembly, 'lane', 5);
  const b = assembly.member(P, 'numerator');
  product(assembly, P, { terms: [{ a: denominator, b }], addends: [[value, -1]], into });
  return assembly;
}

/** Of struct p256_sum: x = r^2 - ppp - 2q, then q = q - x without carries. */
function additionX() {
  const assembly = new Assembly(['struct p256_sum *sum']);
  const [x, , , , , r, , ppp, q] = members(assembly, 'sum', 9);
  const addends = [
    [ppp, -1],
    [q, -2],
  ];
  product(assembly, P, { terms: [{ a: r, b: r }], addends, into: x, difference: q });
  return assembly;
}

/** Of struct p256_sum, after that: y = r q - y ppp. */
function additionY() {
  const assembly = new Assembly(['struct p256_sum *sum']);
  const [, y, , , , r, , ppp, q] = members(assembly, 'sum', 9);
  q.signed = true;
  const terms = [
    { a: r, b: q },
    { a: y, b: ppp, times: -1 },
  ];
  product(assembly, P, { terms, into: y });
  return assembly;
}

export const FILES = [
  {
    path: 'bpf/lib/p256_constants.gen.h',
    text: constantsOf({ prefix: 'P256', p: P, n: N, b: B }),
  },
  {
    path: 'bpf/lib/p256_field.gen.h',
    include: 'p256_types.h',
    functions: [
      ['p256_multiply', 'to = a * b / R mod p', multiplication(P)],
      ['p256_square', 'to = a * a / R mod p', ofOne(P, (a) => ({ a, b: a }))],
      ['p256_reduce', 'to = a / R mod p: from 0 to p, both included', ofOne(P, (a) => ({ a }))],
      ['p256_multiply_scalars', 'to = a * b / R mod n', multiplication(N)],
      ['p256_difference', 'difference = denominator * numerator - value', difference()],
      ['p256_add_x', 'x = r^2 - ppp - 2q; q = q - x', additionX()],
      ['p256_add_y', 'y = r q - y ppp', additionY()],
    ],
  },
];
