import type { ReasonName } from '@cryptbpf/core';
import {
  ANY_PURPOSE,
  altNames,
  authorityKey,
  type Bytes,
  basicConstraints,
  CLIENT_AUTH,
  caExtensions,
  DAY_MS,
  dns,
  ECDSA_SHA384,
  extension,
  type Forged,
  forge,
  integer,
  ip,
  keyUsage,
  leafExtensions,
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
  uri,
  YEAR_MS,
} from './forge.js';

/* Chains that must not open a port, each with the reason that the gate gives. */

export interface BadChain {
  readonly what: string;
  readonly reason: ReasonName;
  /** The leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Who holds the leaf's key. */
  readonly holder: Pair;
}

const PAST = timeOf(new Date(Date.now() - DAY_MS));
const LONG_AGO = timeOf(new Date(Date.now() - 2 * DAY_MS));
const FUTURE = timeOf(new Date(Date.now() + DAY_MS));
const REQUIRED = (pair: Pair, signer: Pair) => [subjectKey(pair.keyId), authorityKey(signer.keyId)];
const PRINTABLE = 0x13;

/** A root below which they are, and a stranger's. */
export function badChains(root: Forged): BadChain[] {
  const intermediate = forge('Intermediate', { issuer: root, isCa: true });
  const chains: BadChain[] = [];
  const add = (
    what: string,
    reason: ReasonName,
    leaf: Forged,
    above: readonly Uint8Array[] = [intermediate.der],
  ) => chains.push({ what, reason, chain: [leaf.der, ...above], holder: leaf.pair });

  /** A leaf with something otherwise. */
  const leaf = (what: string, reason: ReasonName, changes: Partial<Parts>) =>
    add(what, reason, forge('Leaf', { issuer: intermediate }, changes));
  /** A leaf whose extensions are others. */
  const extended = (
    what: string,
    reason: ReasonName,
    extensions: (pair: Pair, signer: Pair) => readonly Bytes[],
  ) => {
    const pair = newPair();
    const changes = { extensions: extensions(pair, intermediate.pair) };
    add(what, reason, forge('Leaf', { issuer: intermediate, pair }, changes));
  };
  /** A good leaf with one more extension. */
  const more = (what: string, reason: ReasonName, ...added: Bytes[]) =>
    extended(what, reason, (pair, signer) => [...leafExtensions(pair, signer), ...added]);
  /** A leaf with other names. */
  const named = (what: string, reason: ReasonName, ...names: Bytes[]) =>
    extended(what, reason, (pair, signer) => leafExtensions(pair, signer, names));
  /** A good leaf below a CA with something otherwise. */
  const below = (
    what: string,
    reason: ReasonName,
    changes: Partial<Parts> | ((pair: Pair) => readonly Bytes[]),
  ) => {
    const pair = newPair();
    const given = typeof changes === 'function' ? { extensions: changes(pair) } : changes;
    const ca = forge('Other CA', { issuer: root, isCa: true, pair }, given);
    add(what, reason, forge('Leaf', { issuer: ca }), [ca.der]);
  };
  /** A good leaf, of whose bytes some are changed afterwards. */
  const edited = (what: string, reason: ReasonName, edit: (der: Buffer) => Buffer) => {
    const good = forge('Leaf', { issuer: intermediate });
    add(what, reason, { ...good, der: new Uint8Array(edit(Buffer.from(good.der))) });
  };

  edited('a byte behind the certificate', 'DROP_CERT_DER', (der) => Buffer.concat([der, Buffer.of(0)]));
  edited('a certificate that is cut short', 'DROP_CERT_DER', (der) => der.subarray(0, -1));
  edited('an indefinite length', 'DROP_CERT_DER', (der) =>
    Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.of(0, 0)]),
  );
  edited('a length in more bytes than it takes', 'DROP_CERT_DER', (der) =>
    Buffer.concat([Buffer.of(0x30, 0x83, 0), der.subarray(2)]),
  );
  edited('another tag in front', 'DROP_CERT_FORMAT', (der) =>
    Buffer.concat([Buffer.of(0x31), der.subarray(1)]),
  );
  edited('nothing but a sequence', 'DROP_CERT_FORMAT', () =>
    Buffer.concat([Buffer.of(0x30, 0x82, 1, 0), Buffer.alloc(256)]),
  );
  leaf('a tag of several bytes', 'DROP_CERT_DER', { tail: tlv(0xbf, [0x83, 0x00]) });
  edited('a signature with one bit changed', 'DROP_CERT_SIGNATURE', (der) =>
    patched(der, der.length - 1, der.at(-1)! ^ 1),
  );
  edited('a name changed after it was signed', 'DROP_CERT_SIGNATURE', (der) =>
    patched(der, der.indexOf('Leaf'), 0x6c),
  );
  edited('a signature of another type', 'DROP_CERT_FORMAT', (der) => patched(der, signatureAt(der), 0x04));
  edited('a signature whose bits do not end with a byte', 'DROP_CERT_SIGNATURE_FORMAT', (der) =>
    patched(der, signatureAt(der) + 2, 1),
  );
  edited('a signature that is no sequence', 'DROP_CERT_SIGNATURE_FORMAT', (der) =>
    patched(der, signatureAt(der) + 3, 0x31),
  );

  leaf('version 1', 'DROP_CERT_VERSION', { version: [], tail: [] });
  leaf('version 2', 'DROP_CERT_VERSION', { version: tlv(0xa0, integer(1)) });
  leaf('serial number 0', 'DROP_CERT_SERIAL', { serial: integer(0) });
  leaf('a negative serial number', 'DROP_CERT_SERIAL', { serial: integer(0x80) });
  leaf('a serial number in more bytes than it takes', 'DROP_CERT_SERIAL', { serial: integer(0, 1) });
  leaf('a serial number of 21 bytes', 'DROP_CERT_SERIAL', {
    serial: integer(...new Array<number>(21).fill(1)),
  });
  leaf('a signature with SHA-384', 'DROP_CERT_ALGORITHM', { algorithm: ECDSA_SHA384, hash: 'sha384' });
  leaf('parameters of the algorithm', 'DROP_CERT_ALGORITHM', {
    algorithm: sequence(oid('2a8648ce3d040302'), [5, 0]),
  });
  leaf('another algorithm outside', 'DROP_CERT_ALGORITHMS', { outerAlgorithm: ECDSA_SHA384 });
  leaf('an empty issuer', 'DROP_CERT_NAME', { issuer: sequence() });
  leaf('an issuer that is no name', 'DROP_CERT_NAME', { issuer: sequence(sequence()) });
  leaf('an empty subject without a critical alternative name', 'DROP_CERT_NAME', { subject: sequence() });
  leaf('a key of P-384', 'DROP_CERT_KEY', { key: newPair('P-384').spki });
  leaf('a compressed key', 'DROP_CERT_KEY', { key: compressed(newPair().spki) });
  leaf('a unique identifier of the issuer', 'DROP_CERT_UNIQUE_ID', { uniqueIds: tlv(0x81, [0, 1]) });
  leaf('a unique identifier of the subject', 'DROP_CERT_UNIQUE_ID', { uniqueIds: tlv(0x82, [0, 1]) });

  leaf('a certificate that is over', 'DROP_CERT_EXPIRED', { notBefore: LONG_AGO, notAfter: PAST });
  leaf('a certificate that is not valid yet', 'DROP_CERT_NOT_YET', { notBefore: FUTURE });
  leaf('a long form of a time before 2050', 'DROP_CERT_TIME', {
    notAfter: longTime(new Date(Date.now() + YEAR_MS)),
  });
  leaf('a time without seconds', 'DROP_CERT_TIME', { notBefore: text(0x17, '2501010000Z') });
  leaf('a time with another zone', 'DROP_CERT_TIME', { notBefore: text(0x17, '250101000000+0100') });
  leaf('the 30th of February', 'DROP_CERT_TIME', { notBefore: text(0x17, '240230000000Z') });
  leaf('the 13th month', 'DROP_CERT_TIME', { notBefore: text(0x17, '241301000000Z') });
  leaf('a time that is a text', 'DROP_CERT_TIME', { notBefore: text(PRINTABLE, '250101000000Z') });
  leaf('the leap day of a year that has none', 'DROP_CERT_TIME', { notBefore: text(0x17, '250229000000Z') });

  leaf('no extensions', 'DROP_CERT_EXTENSIONS', { tail: [] });
  leaf('an empty list of extensions', 'DROP_CERT_EXTENSIONS', { extensions: [] });
  more(
    'more than 24 extensions',
    'DROP_CERT_EXTENSIONS',
    ...Array.from({ length: 19 }, (_, i) =>
      extension(`2a03${(i + 1).toString(16).padStart(2, '0')}`, [5, 0]),
    ),
  );
  more('a critical extension that nobody knows', 'DROP_CERT_CRITICAL', extension('2a0304', [5, 0], true));
  more(
    'critical certificate policies',
    'DROP_CERT_CRITICAL',
    extension('551d20', sequence(sequence(oid('2a0304'))), true),
  );
  more('an extension that comes twice', 'DROP_CERT_DUPLICATE', purposes(CLIENT_AUTH));
  more('name constraints', 'DROP_CERT_CONSTRAINTS', extension('551d1e', sequence(), true));
  more('policy constraints', 'DROP_CERT_POLICY', extension('551d24', sequence(tlv(0x80, [0])), true));
  more('policy mappings', 'DROP_CERT_POLICY', extension('551d21', sequence()));
  more('inhibit any policy', 'DROP_CERT_POLICY', extension('551d36', integer(0), true));
  extended('a criticality that is false, and said', 'DROP_CERT_EXTENSION', (pair, signer) => [
    sequence(oid('551d0f'), [0x01, 0x01, 0x00], tlv(0x04, [3, 2, 7, 0x80])),
    ...REQUIRED(pair, signer),
  ]);
  extended('a key usage without a bit', 'DROP_CERT_EXTENSION', (pair, signer) => [
    extension('551d0f', [3, 2, 7, 0], true),
    ...REQUIRED(pair, signer),
  ]);
  extended('an authority key with a serial number', 'DROP_CERT_EXTENSION', (pair) => [
    subjectKey(pair.keyId),
    extension('551d23', sequence(tlv(0x80, intermediate.pair.keyId), tlv(0x82, [1]))),
  ]);
  extended('an empty list of purposes', 'DROP_CERT_EXTENSION', (pair, signer) => [
    purposes(),
    ...REQUIRED(pair, signer),
  ]);
  extended('a path length without a CA', 'DROP_CERT_EXTENSION', (pair, signer) => [
    basicConstraints(false, 0),
    ...REQUIRED(pair, signer),
  ]);

  extended('a leaf that is a CA', 'DROP_CERT_IS_CA', (pair, signer) => [
    ...[basicConstraints(true), keyUsage(0x84), purposes(CLIENT_AUTH)],
    ...REQUIRED(pair, signer),
  ]);
  extended('a leaf that may sign certificates', 'DROP_CERT_KEY_USAGE', (pair, signer) => [
    ...[keyUsage(0x84), purposes(CLIENT_AUTH)],
    ...REQUIRED(pair, signer),
  ]);
  extended('a leaf that must not sign', 'DROP_CERT_KEY_USAGE', (pair, signer) => [
    ...[keyUsage(0x08), purposes(CLIENT_AUTH)],
    ...REQUIRED(pair, signer),
  ]);
  extended('a leaf for servers', 'DROP_CERT_PURPOSE', (pair, signer) => [
    purposes(SERVER_AUTH),
    ...REQUIRED(pair, signer),
  ]);
  extended('a leaf for any purpose', 'DROP_CERT_PURPOSE', (pair, signer) => [
    purposes(ANY_PURPOSE),
    ...REQUIRED(pair, signer),
  ]);
  extended('a leaf without a purpose', 'DROP_CERT_PURPOSE', REQUIRED);
  extended('a leaf without an authority key', 'DROP_CERT_KEY_ID', () => [purposes(CLIENT_AUTH)]);

  named('no name that is asked for', 'DROP_CERT_NO_MATCH', dns('a.other.example'));
  named('the name above', 'DROP_CERT_NO_MATCH', dns('clients.example'));
  named('a name that ends alike', 'DROP_CERT_NO_MATCH', dns('a.evilclients.example'));
  named('a name with the right one in front', 'DROP_CERT_NO_MATCH', dns('a.clients.example.evil.example'));
  named('a URI of another trust domain', 'DROP_CERT_NO_MATCH', uri('spiffe://evil.example/ns/prod/web'));
  named('a URI that begins alike', 'DROP_CERT_NO_MATCH', uri('spiffe://trust.example/ns/production'));
  named('a URI in a DNS name', 'DROP_CERT_NO_MATCH', dns('spiffe://trust.example/ns/prod/web'));
  named('another address', 'DROP_CERT_NO_MATCH', ip(198, 51, 100, 1));
  named('a name with a zero in it', 'DROP_CERT_ALT_NAME', dns('a.clients.example\0.evil.example'));
  named('a name with a space', 'DROP_CERT_ALT_NAME', dns('a .clients.example'));
  named('an empty name', 'DROP_CERT_ALT_NAME', dns(''));
  named('an address of five bytes', 'DROP_CERT_ALT_NAME', ip(192, 0, 2, 1, 0));
  named('a kind of name that there is not', 'DROP_CERT_ALT_NAME', tlv(0x89, [1]));
  named(
    'more names than are looked at',
    'DROP_CERT_ALT_NAME',
    ...Array.from({ length: 33 }, () => dns('b.example')),
  );
  extended('a leaf without names', 'DROP_CERT_NO_MATCH', (pair, signer) => [
    purposes(CLIENT_AUTH),
    ...REQUIRED(pair, signer),
  ]);
  extended('an empty list of names', 'DROP_CERT_EXTENSION', (pair, signer) => [
    altNames([]),
    ...REQUIRED(pair, signer),
  ]);

  const usual = (pair: Pair) => [subjectKey(pair.keyId), authorityKey(root.pair.keyId)];
  below('an issuer that is no CA', 'DROP_CERT_NOT_CA', (pair) => [
    basicConstraints(false),
    keyUsage(0x06),
    ...usual(pair),
  ]);
  below('an issuer without basic constraints', 'DROP_CERT_NOT_CA', (pair) => [
    keyUsage(0x06),
    ...usual(pair),
  ]);
  below('an issuer whose basic constraints are not critical', 'DROP_CERT_NOT_CA', (pair) => [
    ...[basicConstraints(true, undefined, false), keyUsage(0x06)],
    ...usual(pair),
  ]);
  below('an issuer that must not sign certificates', 'DROP_CERT_KEY_USAGE', (pair) => [
    ...[basicConstraints(true), keyUsage(0x02)],
    ...usual(pair),
  ]);
  below('an issuer without a key usage', 'DROP_CERT_KEY_USAGE', (pair) => [
    basicConstraints(true),
    ...usual(pair),
  ]);
  below('an issuer for servers', 'DROP_CERT_PURPOSE', (pair) => [
    ...[basicConstraints(true), keyUsage(0x06), purposes(SERVER_AUTH)],
    ...usual(pair),
  ]);
  below('an issuer for any purpose', 'DROP_CERT_PURPOSE', (pair) => [
    ...[basicConstraints(true), keyUsage(0x06), purposes(ANY_PURPOSE)],
    ...usual(pair),
  ]);
  below('an issuer that is over', 'DROP_CERT_EXPIRED', { notBefore: LONG_AGO, notAfter: PAST });
  below('an issuer with name constraints', 'DROP_CERT_CONSTRAINTS', (pair) => [
    ...caExtensions(pair, root.pair),
    extension('551d1e', sequence(tlv(0xa0, sequence(dns('clients.example')))), true),
  ]);
  below('an issuer without a key identifier', 'DROP_CERT_KEY_ID', () => [
    ...[basicConstraints(true), keyUsage(0x06), authorityKey(root.pair.keyId)],
  ]);
  below('an issuer without a subject', 'DROP_CERT_NAME', { subject: sequence() });

  const narrow = newPair();
  const last = forge(
    'Narrow',
    { issuer: root, isCa: true, pair: narrow },
    { extensions: caExtensions(narrow, root.pair, 0) },
  );
  const beyond = forge('Beyond', { issuer: last, isCa: true });
  add('one CA more than its issuer allows', 'DROP_CERT_PATH_LENGTH', forge('Leaf', { issuer: beyond }), [
    beyond.der,
    last.der,
  ]);

  const stranger = forge('Stranger', { isCa: true });
  add('a root that is not trusted', 'DROP_CERT_UNTRUSTED', forge('Leaf', { issuer: stranger }), [
    stranger.der,
  ]);
  const twin = forge('Root', { isCa: true });
  add('a root that only has the name', 'DROP_CERT_UNTRUSTED', forge('Leaf', { issuer: twin }), []);
  const impostor: Forged = { ...twin, pair: { ...twin.pair, keyId: root.pair.keyId } };
  add(
    'a root that has the name and the key identifier',
    'DROP_CERT_SIGNATURE',
    forge('Leaf', { issuer: impostor }),
    [],
  );
  add('a leaf that signs itself', 'DROP_CERT_UNTRUSTED', forge('Leaf', {}), []);
  add('the wrong CA above', 'DROP_CERT_ISSUER', forge('Leaf', { issuer: last }), [intermediate.der]);
  const other = forge('Intermediate', { issuer: root, isCa: true });
  add('a CA of the same name with another key', 'DROP_CERT_ISSUER', forge('Leaf', { issuer: intermediate }), [
    other.der,
  ]);
  add('a chain in the wrong order', 'DROP_CERT_IS_CA', intermediate, [
    forge('Leaf', { issuer: intermediate }).der,
  ]);
  const good = forge('Leaf', { issuer: intermediate });
  chains.push({
    what: 'another key',
    reason: 'DROP_PROOF',
    chain: [good.der, intermediate.der],
    holder: newPair(),
  });
  return chains;
}

/** What the same root issues, and must open it. */
export function goodChains(root: Forged): Omit<BadChain, 'reason'>[] {
  const intermediate = forge('Intermediate', { issuer: root, isCa: true });
  const deeper = forge('Deeper', { issuer: intermediate, isCa: true });
  const of = (what: string, leaf: Forged, ...above: Forged[]) => ({
    what,
    chain: [leaf, ...above].map(({ der }) => der),
    holder: leaf.pair,
  });
  const named = (...names: Bytes[]) => {
    const pair = newPair();
    return forge(
      'Leaf',
      { issuer: intermediate, pair },
      { extensions: leafExtensions(pair, intermediate.pair, names) },
    );
  };
  const nameless = newPair();
  return [
    of('below the root', forge('Leaf', { issuer: root })),
    of('below an intermediate', forge('Leaf', { issuer: intermediate }), intermediate),
    of('below two of them', forge('Leaf', { issuer: deeper }), deeper, intermediate),
    of('a SPIFFE id', named(uri('spiffe://trust.example/ns/prod/web')), intermediate),
    of('an IPv4 address', named(ip(192, 0, 2, 200)), intermediate),
    of('a DNS name in capitals', named(dns('A.CLIENTS.Example')), intermediate),
    of(
      'one name of many',
      named(dns('x.example'), text(0x81, 'a@b.example'), dns('b.clients.example')),
      intermediate,
    ),
    of(
      'an empty subject with a critical alternative name',
      forge(
        'Leaf',
        { issuer: intermediate, pair: nameless },
        {
          subject: sequence(),
          extensions: [
            ...[purposes(CLIENT_AUTH), ...REQUIRED(nameless, intermediate.pair)],
            altNames([dns('a.clients.example')], true),
          ],
        },
      ),
      intermediate,
    ),
    of(
      'a time beyond 2050',
      forge('Leaf', { issuer: intermediate }, { notAfter: longTime(new Date('9999-12-31T23:59:59Z')) }),
      intermediate,
    ),
  ];
}

function patched(der: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(der);
  copy[at] = byte;
  return copy;
}

/** Where the BIT STRING of the signature begins, behind the algorithm. */
function signatureAt(der: Buffer): number {
  const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex');
  return der.lastIndexOf(algorithm) + algorithm.length;
}

function compressed(spki: Buffer): Buffer {
  const point = Buffer.concat([Buffer.of(2 + (spki.at(-1)! & 1)), spki.subarray(-64, -32)]);
  return sequence(sequence(oid('2a8648ce3d0201'), oid('2a8648ce3d030107')), tlv(0x03, [0], point));
}
