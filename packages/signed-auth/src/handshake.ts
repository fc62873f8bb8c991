import { createECDH, createHash, createHmac, type ECDH, type KeyObject, verify } from 'node:crypto';
import { LABELS } from './midstate.js';

/* The server's half of a session's beginning: docs/protocols.md. */

const MAGIC = 0x5147beef;
const VERSION = 1;
const SESSION_REQUEST = 5;
const SESSION_ACCEPT = 6;
export const SESSION_MESSAGE_BYTES = 180;
const LABEL_BYTES = 32;
const POINT_BYTES = 64;

export interface SessionRequest {
  readonly message: Uint8Array;
  readonly keyId: number;
  readonly ephemeral: Uint8Array;
  readonly signature: Uint8Array;
}

/** undefined: it is no session request. */
export function parseRequest(message: Uint8Array): SessionRequest | undefined {
  if (message.length !== SESSION_MESSAGE_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const isRequest =
    view.getUint32(0) === MAGIC &&
    view.getUint8(4) === VERSION &&
    view.getUint8(5) === SESSION_REQUEST &&
    view.getUint16(6) === 0 &&
    view.getUint16(50) === 0;
  if (!isRequest) return undefined;
  return {
    message,
    keyId: view.getUint16(48),
    ephemeral: message.subarray(52, 116),
    signature: message.subarray(116),
  };
}

/** Whether it is signed by the key, for this audience, at source (16 bytes). */
export function requestHolds(
  { message, ephemeral, signature }: SessionRequest,
  { key, audience, source }: { key: KeyObject; audience: Uint8Array; source: Uint8Array },
): boolean {
  const label = Buffer.alloc(LABEL_BYTES, 0);
  label.write(LABELS.session);
  const signed = [label, audience, message.subarray(48, 52), message.subarray(16, 48), source, ephemeral];
  return verify('sha256', Buffer.concat(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

export interface Accepted {
  /** The SESSION_ACCEPT. */
  readonly message: Uint8Array;
  /** 16 bytes: wipe it after use. */
  readonly key: Uint8Array;
}

function newEphemeral(): ECDH {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return ecdh;
}

/**
 * The answer. lifetime in seconds; ecdh: for this session alone. Throws what node:crypto does when the sender's point is
 * not on the curve.
 */
export function acceptRequest(
  request: SessionRequest,
  sessionId: bigint,
  lifetime: number,
  ecdh: ECDH = newEphemeral(),
): Accepted {
  const ours = ecdh.getPublicKey().subarray(1);
  const shared = ecdh.computeSecret(Buffer.concat([Uint8Array.of(4), request.ephemeral]));
  const message = Buffer.alloc(SESSION_MESSAGE_BYTES);
  message.set(request.message.subarray(0, 16));
  message[5] = SESSION_ACCEPT;
  message.writeBigUInt64BE(sessionId, 16);
  message.writeUInt32BE(lifetime, 24);
  message.set(ours, 32);
  const salt = createHash('sha256')
    .update(request.message)
    .update(message.subarray(16, 28))
    .update(ours)
    .digest();
  const prk = createHmac('sha256', salt).update(shared).digest();
  const confirmKey = expand(prk, 'cryptbpf session confirm');
  message.set(createHmac('sha256', confirmKey).update(salt).digest(), 32 + POINT_BYTES);
  const key = new Uint8Array(expand(prk, 'cryptbpf session key').subarray(0, 16));
  for (const secret of [shared, prk, confirmKey]) secret.fill(0);
  return { message, key };
}

/** HKDF-Expand-SHA256 for one block. */
function expand(prk: Uint8Array, info: string): Buffer {
  return createHmac('sha256', prk).update(info).update(Uint8Array.of(1)).digest();
}
