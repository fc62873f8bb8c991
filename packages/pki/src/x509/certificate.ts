import { Reason } from '../pki.gen.js';
import { Der, type Element, Refusal, Tag } from './der.js';
import { type Extensions, readExtensions } from './extensions.js';
import { type Name, readName } from './name.js';
import { timeOf } from './time.js';

const SERIAL_BYTES_MAX = 20;
/** AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758), contents. */
const ECDSA_SHA256 = '06082a8648ce3d040302';
/** SubjectPublicKeyInfo of P-256 (RFC 5480), contents before the point's coordinates. */
const P256_KEY = '301306072a8648ce3d020106082a8648ce3d03010703420004';
const P256_KEY_BYTES = 89;

/** A certificate (RFC 5280) that was read, and nothing more: whether it holds is for its issuer to say. */
export interface Certificate extends Extensions {
  /** As it came. */
  readonly der: Uint8Array;
  /** What is signed. */
  readonly tbs: Uint8Array;
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  /** Unix time in seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** x || y of a P-256 key. */
  readonly point: Uint8Array | undefined;
  /** Contents of the BIT STRING, without its first byte. */
  readonly signature: Uint8Array;
  /** The OID of the signature's algorithm, contents in hex; parameters are not looked at. */
  readonly algorithm: string;
}

export interface ReadOptions {
  /** Only what the kernel verifies: ecdsa-with-SHA256 and keys of P-256. Default true. */
  strict?: boolean;
}

/**
 * bpf/lib/x509.h in TypeScript. Throws Refusal with the first thing that is wrong, as the kernel finds it; without
 * `strict`, other algorithms and keys are read as well.
 */
export function readCertificate(bytes: Uint8Array, { strict = true }: ReadOptions = {}): Certificate {
  const all = new Der(bytes);
  const certificate = all.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT);
  all.finish(Reason.DROP_CERT_DER);
  const parts = all.enter(certificate);
  const tbs = parts.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT);
  const { identifier, ...signed } = readTbs(parts.enter(tbs), strict);
  const outer = parts.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT);
  if (hex(parts.contents(outer)) !== identifier) throw new Refusal(Reason.DROP_CERT_ALGORITHMS);
  const bits = parts.take(Tag.BIT_STRING, Reason.DROP_CERT_FORMAT);
  const signature = readSignature(parts, bits, strict);
  parts.finish(Reason.DROP_CERT_FORMAT);
  const algorithm = identifier.slice(4, 4 + 2 * Number.parseInt(identifier.slice(2, 4), 16));
  return { ...signed, der: bytes, tbs: parts.whole(tbs), signature, algorithm };
}

function readTbs(der: Der, strict: boolean) {
  readVersion(der);
  const serial = readSerial(der);
  const identifier = hex(der.contents(der.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT)));
  if (strict && identifier !== ECDSA_SHA256) throw new Refusal(Reason.DROP_CERT_ALGORITHM);
  const issuer = readName(der);
  if (issuer.bytes.length === 0) throw new Refusal(Reason.DROP_CERT_NAME);
  const { notBefore, notAfter } = readValidity(der);
  const subject = readName(der);
  const { publicKey, point } = readKey(der, strict);
  const extensions = readAfterKey(der);
  return { identifier, serial, issuer, notBefore, notAfter, subject, publicKey, point, ...extensions };
}

/** Version 3, which is 2, in an element of its own. */
function readVersion(der: Der): void {
  if (!der.isNext(Tag.CONTEXT_HOLDS)) throw new Refusal(Reason.DROP_CERT_VERSION);
  if (hex(der.contents(der.next())) !== '020102') throw new Refusal(Reason.DROP_CERT_VERSION);
}

function readSerial(der: Der): Uint8Array {
  const serial = der.contents(der.take(Tag.INTEGER, Reason.DROP_CERT_FORMAT));
  if (serial.length > SERIAL_BYTES_MAX || !isPositive(serial)) throw new Refusal(Reason.DROP_CERT_SERIAL);
  return serial;
}

/** A positive integer in as few bytes as it takes. */
function isPositive(bytes: Uint8Array): boolean {
  const [first = 0x80, second = 0] = bytes;
  return first < 0x80 && (first > 0 || (bytes.length > 1 && second >= 0x80));
}

function readValidity(der: Der): { notBefore: number; notAfter: number } {
  const times = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT));
  const read = () => {
    if (!times.hasMore) throw new Refusal(Reason.DROP_CERT_TIME);
    return timeOf(times, times.next());
  };
  const validity = { notBefore: read(), notAfter: read() };
  times.finish(Reason.DROP_CERT_TIME);
  return validity;
}

function readKey(der: Der, strict: boolean) {
  const element = der.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT);
  const contents = der.contents(element);
  const isP256 = contents.length === P256_KEY_BYTES && hex(contents.subarray(0, 25)) === P256_KEY;
  if (strict && !isP256) throw new Refusal(Reason.DROP_CERT_KEY);
  return { publicKey: der.whole(element), point: isP256 ? contents.subarray(25) : undefined };
}

function readAfterKey(der: Der): Extensions {
  for (const tag of [Tag.CONTEXT_HOLDS, Tag.CONTEXT])
    if (der.isNext(tag + 1) || der.isNext(tag + 2)) throw new Refusal(Reason.DROP_CERT_UNIQUE_ID);
  if (!der.hasMore) throw new Refusal(Reason.DROP_CERT_EXTENSIONS);
  const holder = der.enter(der.take(Tag.CONTEXT_HOLDS + 3, Reason.DROP_CERT_FORMAT));
  const extensions = readExtensions(holder);
  der.finish(Reason.DROP_CERT_FORMAT);
  return extensions;
}

function readSignature(der: Der, bits: Element, strict: boolean): Uint8Array {
  const contents = der.contents(bits);
  if (contents.length === 0 || contents[0] !== 0) throw new Refusal(Reason.DROP_CERT_SIGNATURE_FORMAT);
  if (strict) checkEcdsa(new Der(der.bytes, bits.start + 1, bits.stop));
  return contents.subarray(1);
}

/** Two numbers of at most 32 bytes (RFC 3279, 2.2.3). */
function checkEcdsa(der: Der): void {
  const numbers = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_SIGNATURE_FORMAT));
  der.finish(Reason.DROP_CERT_SIGNATURE_FORMAT);
  for (let i = 0; i < 2; i++) {
    const bytes = numbers.contents(numbers.take(Tag.INTEGER, Reason.DROP_CERT_SIGNATURE_FORMAT));
    if (!isPositive(bytes) || bytes.length - (bytes[0] === 0 ? 1 : 0) > 32)
      throw new Refusal(Reason.DROP_CERT_SIGNATURE_FORMAT);
  }
  numbers.finish(Reason.DROP_CERT_SIGNATURE_FORMAT);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
