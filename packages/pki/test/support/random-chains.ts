import type { Random } from '../../../pow/test/support/random.js';
import {
  ANY_PURPOSE,
  altNames,
  authorityKey,
  type Bytes,
  basicConstraints,
  CLIENT_AUTH,
  DAY_MS,
  dns,
  ECDSA_SHA384,
  extension,
  type Forged,
  forge,
  integer,
  keyUsage,
  longTime,
  newPair,
  oid,
  type Pair,
  type Parts,
  purposes,
  SERVER_AUTH,
  sequence,
  subjectKey,
  text,
  timeOf,
  tlv,
  YEAR_MS,
} from './forge.js';

/* Chains in which some rules are broken at random, for a comparison with another validator. */

export interface RandomChain {
  /** The leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly holder: Pair;
  readonly broken: readonly string[];
  /** Why others may take it, and this gate does not: docs/protocols.md, "What others take". */
  readonly policies: readonly string[];
}

/** One thing that is otherwise. policy: RFC 5280 or a validator may allow it. */
interface Twist {
  readonly what: string;
  readonly policy?: string;
  readonly parts?: () => Partial<Parts>;
  /** Which extensions there are, by name. */
  readonly extensions?: (all: Map<string, Bytes>, pair: Pair, signer: Pair) => void;
}

const twist = (what: string, parts: () => Partial<Parts>, policy?: string): Twist =>
  policy ? { what, parts, policy } : { what, parts };
const extended = (what: string, extensions: NonNullable<Twist['extensions']>, policy?: string): Twist =>
  policy ? { what, extensions, policy } : { what, extensions };

const ago = (days: number) => timeOf(new Date(Date.now() - days * DAY_MS));

const BOTH: readonly Twist[] = [
  twist('over', () => ({ notBefore: ago(3), notAfter: ago(1) })),
  twist('not yet valid', () => ({ notBefore: ago(-1) })),
  twist('not after the epoch', () => ({
    notBefore: text(0x17, '600101000000Z'),
    notAfter: text(0x17, '690101000000Z'),
  })),
  twist('no end', () => ({ notAfter: longTime(new Date('9999-12-31T23:59:59Z')) })),
  twist('a long time before 2050', () => ({ notAfter: longTime(new Date(Date.now() + YEAR_MS)) }), 'times'),
  twist('another algorithm outside', () => ({ outerAlgorithm: ECDSA_SHA384 })),
  twist('SHA-384', () => ({ algorithm: ECDSA_SHA384, hash: 'sha384' }), 'algorithms'),
  twist('a unique identifier', () => ({ uniqueIds: tlv(0x82, [0, 1]) }), 'unique identifiers'),
  twist('serial number 0', () => ({ serial: integer(0) }), 'serial numbers'),
  twist('a negative serial number', () => ({ serial: integer(0x85) }), 'serial numbers'),
  twist(
    'a long serial number',
    () => ({ serial: integer(...new Array<number>(21).fill(7)) }),
    'serial numbers',
  ),
  extended('a critical extension that nobody knows', (all) =>
    all.set('x', extension('2a0304', [5, 0], true)),
  ),
  extended('an extension that nobody knows', (all) => all.set('x', extension('2a0304', [5, 0]))),
  extended('certificate policies', (all) =>
    all.set('x', extension('551d20', sequence(sequence(oid('2a0304'))))),
  ),
  extended(
    'critical certificate policies',
    (all) => all.set('x', extension('551d20', sequence(sequence(oid('2a0304'))), true)),
    'policies',
  ),
  extended(
    'policy constraints',
    (all) => all.set('x', extension('551d24', sequence(tlv(0x81, [0])), true)),
    'policies',
  ),
  extended('inhibit any policy', (all) => all.set('x', extension('551d36', integer(1), true)), 'policies'),
  extended('no authority key', (all) => all.delete('authority'), 'key identifiers'),
  extended('another authority key', (all) => all.set('authority', authorityKey([1, 2, 3]))),
  extended('a purpose for servers alone', (all) => all.set('purposes', purposes(SERVER_AUTH))),
  extended('purposes for both', (all) => all.set('purposes', purposes(SERVER_AUTH, CLIENT_AUTH))),
];

const LEAF: readonly Twist[] = [
  ...BOTH,
  extended('any purpose', (all) => all.set('purposes', purposes(ANY_PURPOSE)), 'purposes'),
  extended('no purpose', (all) => all.delete('purposes'), 'purposes'),
  extended('no key usage', (all) => all.delete('usage')),
  extended('key encipherment alone', (all) => all.set('usage', keyUsage(0x20))),
  extended('a signature for certificates', (all) => all.set('usage', keyUsage(0x84))),
  extended('a CA', (all) => all.set('constraints', basicConstraints(true)), 'leaves'),
  extended('no basic constraints', (all) => all.delete('constraints')),
  extended('no subject key', (all) => all.delete('subject')),
  extended('two names', (all) => all.set('names', altNames([dns('a.example'), dns('b.example')]))),
  extended('no names', (all) => all.delete('names')),
  extended('an empty list of names', (all) => all.set('names', altNames([]))),
  twist('no subject', () => ({ subject: sequence() })),
  extended(
    'a byte behind an extension',
    (all) => all.set('purposes', extension('551d25', [...sequence(oid(CLIENT_AUTH)), 0])),
    'DER',
  ),
  twist('version 2', () => ({ version: tlv(0xa0, integer(1)) })),
];

const CA: readonly Twist[] = [
  ...BOTH,
  extended('no CA', (all) => all.set('constraints', basicConstraints(false))),
  extended('no basic constraints', (all) => all.delete('constraints')),
  extended('basic constraints that are not critical', (all) =>
    all.set('constraints', basicConstraints(true, undefined, false)),
  ),
  extended('path length 0', (all) => all.set('constraints', basicConstraints(true, 0))),
  extended('path length 1', (all) => all.set('constraints', basicConstraints(true, 1))),
  extended('no key usage', (all) => all.delete('usage')),
  extended('no signature for certificates', (all) => all.set('usage', keyUsage(0x82))),
  extended('any purpose', (all) => all.set('purposes', purposes(ANY_PURPOSE))),
  extended('no subject key', (all) => all.delete('subject'), 'key identifiers'),
  extended(
    'name constraints that fit',
    (all) => all.set('x', extension('551d1e', sequence(tlv(0xa0, sequence(dns('example')))), true)),
    'name constraints',
  ),
];

let serial = 0;

/** Up to two CAs below the root, and a leaf; half of them with nothing broken. */
export function randomChain(random: Random, root: Forged): RandomChain {
  const broken: string[] = [];
  const policies: string[] = [];
  const chain: Uint8Array[] = [];
  const pick = (from: readonly Twist[]): Twist[] => {
    const twists = Array.from({ length: random.oneIn(3) ? 1 + random.below(2) : 0 }, () => random.pick(from));
    broken.push(...twists.map(({ what }) => what));
    policies.push(...twists.flatMap(({ policy = [] }) => policy));
    return twists;
  };
  let issuer = root;
  for (let cas = random.below(3); cas > 0; cas--) {
    issuer = make(`CA ${serial++}`, issuer, true, pick(CA));
    chain.unshift(issuer.der);
  }
  const leaf = make(`Leaf ${serial++}`, issuer, false, pick(LEAF));
  return { chain: [damaged(random, leaf, broken).der, ...chain], holder: leaf.pair, broken, policies };
}

function make(name: string, issuer: Forged, isCa: boolean, twists: readonly Twist[]): Forged {
  const pair = newPair();
  const all = new Map<string, Bytes>([
    ['constraints', basicConstraints(isCa)],
    ['usage', keyUsage(isCa ? 0x06 : 0x80)],
    ...(isCa ? [] : ([['purposes', purposes(CLIENT_AUTH)]] as const)),
    ['subject', subjectKey(pair.keyId)],
    ['authority', authorityKey(issuer.pair.keyId)],
    ...(isCa ? [] : ([['names', altNames([dns('a.clients.example')])]] as const)),
  ]);
  for (const { extensions } of twists) extensions?.(all, pair, issuer.pair);
  const parts = Object.assign({}, ...twists.map(({ parts: changes }) => changes?.() ?? {})) as Partial<Parts>;
  return forge(name, { issuer, isCa, pair }, { extensions: [...all.values()], ...parts });
}

/** Now and then a byte of what is signed is another one afterwards. */
function damaged(random: Random, leaf: Forged, broken: string[]): Forged {
  if (!random.oneIn(12)) return leaf;
  const der = leaf.der.slice();
  der[der.length - 1 - random.below(20)]! ^= 1 << random.below(8);
  broken.push('a damaged signature');
  return { ...leaf, der };
}
