import { checkBytes } from '@cryptbpf/core/gate-client';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

const SECRET_BYTES = 32;
const TAG_KEY_BYTES = 16;
const SESSION_KEY_BYTES = 32;
const text = new TextEncoder();

/** The keys of both directions. */
export interface ClientKeys {
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
}

/** From what client and service share: 32 random bytes. Throws TypeError, RangeError. */
export function clientKeys(secret: Uint8Array): ClientKeys {
  checkBytes('secret', secret, SECRET_BYTES);
  const shared = extract(sha256, secret);
  const keys = {
    request: key(shared, 'request', TAG_KEY_BYTES),
    reply: key(shared, 'reply', TAG_KEY_BYTES),
  };
  shared.fill(0);
  return keys;
}

/** What a session's keys depend on beside its exchange. Throws as clientKeys(). */
export function sessionSecret(secret: Uint8Array): Uint8Array {
  checkBytes('secret', secret, SECRET_BYTES);
  const shared = extract(sha256, secret);
  const own = key(shared, 'session', SESSION_KEY_BYTES);
  shared.fill(0);
  return own;
}

/** What both ends saw of the exchange that opened a session. */
export interface SessionExchange {
  readonly client: number;
  readonly counter: bigint;
  /** Data of the request and of the result. */
  readonly request: Uint8Array;
  readonly result: Uint8Array;
}

/** sharedPoint, of X25519, is wiped. */
export function sessionKeys(
  secret: Uint8Array,
  sharedPoint: Uint8Array,
  exchange: SessionExchange,
): ClientKeys {
  const head = new DataView(new ArrayBuffer(12));
  head.setUint32(0, exchange.client);
  head.setBigUint64(4, exchange.counter);
  const parts = [new Uint8Array(head.buffer), exchange.request, exchange.result];
  const salt = parts.reduce((hash, part) => hash.update(part), sha256.create()).digest();
  const input = new Uint8Array(sharedPoint.length + secret.length);
  input.set(sharedPoint);
  input.set(secret, sharedPoint.length);
  const shared = extract(sha256, input, salt);
  const keys = {
    request: key(shared, 'session request', SESSION_KEY_BYTES),
    reply: key(shared, 'session reply', SESSION_KEY_BYTES),
  };
  for (const bytes of [sharedPoint, input, shared]) bytes.fill(0);
  return keys;
}

function key(shared: Uint8Array, use: string, bytes: number): Uint8Array {
  return expand(sha256, shared, text.encode(`cryptbpf offload v1 ${use}`), bytes);
}
