import { Assembly } from './assembly.mjs';
import { constantsOf } from './constants.mjs';
import { product } from './product.mjs';

/* The arithmetic of P-256 (FIPS 186-4, D.1.2.3): bpf/lib/p256_field.gen.h and p256_jacobian.gen.h. */

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

/** sum += point: madd-2008-s of the Explicit-Formulas Database, 8 multiplications and 2 squarings. */
function addition() {
  const assembly = new Assembly(['struct p256_sum *sum', 'struct p256_affine *point']);
  const [x, y, zz, zzz, pp, ppp, q] = [0, 1, 2, 3, 4, 5, 6].map((n) => assembly.member(P, 'sum', n));
  const [x2, y2] = [0, 1].map((n) => assembly.member(P, 'point', n));
  const p = assembly.local(P);
  const r = assembly.local(P);
  product(assembly, P, { terms: [{ a: x2, b: zz }], addends: [[x, -1]], into: p });
  product(assembly, P, { terms: [{ a: y2, b: zzz }], addends: [[y, -1]], into: r });
  addPoints(assembly, { x, y, p, r, pp, ppp, q });
  product(assembly, P, { terms: [{ a: zz, b: pp }], into: zz });
  product(assembly, P, { terms: [{ a: zzz, b: ppp }], into: zzz });
  return assembly;
}

/** What additions have in common: from the differences p and r to the new x and y. */
function addPoints(assembly, { x, y, p, r, pp, ppp, q }) {
  product(assembly, P, { terms: [{ a: p, b: p }], into: pp });
  product(assembly, P, { terms: [{ a: p, b: pp }], into: ppp });
  product(assembly, P, { terms: [{ a: x, b: pp }], into: q });
  const addends = [
    [ppp, -1],
    [q, -2],
  ];
  product(assembly, P, { terms: [{ a: r, b: r }], addends, into: x, difference: q });
  const terms = [
    { a: r, b: q },
    { a: y, b: ppp, times: -1 },
  ];
  product(assembly, P, { terms, into: y });
}

/** point += point in Jacobian coordinates, with a = -3: 4 multiplications and 6 squarings, 7 reductions. */
function doubling() {
  const assembly = new Assembly(['struct p256_jacobian *point']);
  const [x, y, z, g, s] = [0, 1, 2, 3, 4].map((n) => assembly.member(P, 'point', n));
  const m = assembly.local(P);
  const terms = [
    { a: x, b: x, times: 3 },
    { a: g, b: g, times: -3 },
  ];
  product(assembly, P, { terms: [{ a: z, b: z }], into: g });
  product(assembly, P, { terms, into: m }); // 3(x^2 - z^4)
  product(assembly, P, { terms: [{ a: y, b: z, times: 2 }], into: z });
  product(assembly, P, { terms: [{ a: y, b: y, times: 2 }], into: g }); // 2y^2
  product(assembly, P, { terms: [{ a: x, b: g, times: 2 }], into: s }); // 4xy^2
  product(assembly, P, { terms: [{ a: m, b: m }], addends: [[s, -2]], into: x, difference: s });
  const last = [
    { a: m, b: s },
    { a: g, b: g, times: -2 },
  ];
  product(assembly, P, { terms: last, into: y });
  return assembly;
}

/** sum += point, where sum is in Jacobian coordinates: 8 multiplications and 3 squarings. */
function jacobianAddition() {
  const assembly = new Assembly(['struct p256_jacobian *sum', 'struct p256_affine *point']);
  const [x, y, z, pp, ppp] = [0, 1, 2, 3, 4].map((n) => assembly.member(P, 'sum', n));
  const [x2, y2] = [0, 1].map((n) => assembly.member(P, 'point', n));
  const [p, r, q] = [0, 1, 2].map(() => assembly.local(P));
  product(assembly, P, { terms: [{ a: z, b: z }], into: pp });
  product(assembly, P, { terms: [{ a: z, b: pp }], into: ppp });
  product(assembly, P, { terms: [{ a: x2, b: pp }], addends: [[x, -1]], into: p });
  product(assembly, P, { terms: [{ a: y2, b: ppp }], addends: [[y, -1]], into: r });
  product(assembly, P, { terms: [{ a: z, b: p }], into: z });
  addPoints(assembly, { x, y, p, r, pp, ppp, q });
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
      ['p256_add', 'sum += point; a sum that is plus or minus the point is left with zz = 0', addition()],
    ],
  },
  {
    path: 'bpf/lib/p256_jacobian.gen.h',
    include: 'p256_types.h',
    functions: [
      ['p256_double', 'point += point', doubling()],
      ['p256_add_jacobian', 'sum += point; plus or minus the point is left with z = 0', jacobianAddition()],
    ],
  },
];
