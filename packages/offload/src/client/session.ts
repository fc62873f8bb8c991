import { x25519 } from '@noble/curves/ed25519.js';
import { type ClientKeys, type SessionExchange, sessionKeys } from './keys.js';
import type { Question } from './operations.js';

/* The exchange that opens a session: docs/protocols.md. */

/** OFFLOAD_SESSION. */
export const SESSION_OPERATION = 5;
export const SHARE_BYTES = 32;
/** Id and lifetime come before the service's share. */
const SHARE_AT = 8;
const RESULT_BYTES = SHARE_AT + SHARE_BYTES;

/** X25519, for one exchange. */
export interface Share {
  readonly secret: Uint8Array;
  readonly public: Uint8Array;
}

export interface Session {
  readonly id: number;
  readonly lifetimeSeconds: number;
  readonly keys: ClientKeys;
}

export function newShare(): Share {
  const { secretKey, publicKey } = x25519.keygen();
  return { secret: secretKey, public: publicKey };
}

export function sessionQuestion(share: Share): Question {
  return { operation: SESSION_OPERATION, key: 0, data: share.public, room: RESULT_BYTES };
}

/** The service's answer. */
export function sessionResult(id: number, lifetimeSeconds: number, share: Share): Uint8Array {
  const bytes = new Uint8Array(RESULT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id);
  view.setUint32(4, lifetimeSeconds);
  bytes.set(share.public, SHARE_AT);
  return bytes;
}

/** By either end, with its own share, which is wiped. undefined: the other's share is none. */
export function openSession(
  secret: Uint8Array,
  own: Share,
  others: Uint8Array,
  exchange: SessionExchange,
): Session | undefined {
  if (exchange.result.length !== RESULT_BYTES || others.length !== SHARE_BYTES) return undefined;
  const view = new DataView(exchange.result.buffer, exchange.result.byteOffset, RESULT_BYTES);
  const point = sharedPoint(own.secret, others);
  own.secret.fill(0);
  if (!point) return undefined;
  const keys = sessionKeys(secret, point, exchange);
  return { id: view.getUint32(0), lifetimeSeconds: view.getUint32(4), keys };
}

export function serviceShare(result: Uint8Array): Uint8Array {
  return result.subarray(SHARE_AT);
}

/** undefined for a point of small order, whose secret everybody knows. */
function sharedPoint(secret: Uint8Array, others: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secret, others);
  } catch {
    return undefined;
  }
}
