import { TAG_BYTES } from '../noise/aead.js';
import { concat, equal } from '../noise/bytes.js';
import { KEY_BYTES } from '../noise/diffie-hellman.js';
import type { MessageType, TunnelSuite } from './suite.js';
import { TIMESTAMP_BYTES } from './timestamp.js';

/*
 *     initiation: header | sender   | noise                 | mac1 | mac2
 *     response:   header | sender   | receiver | noise      | mac1 | mac2
 *     cookie:     header | receiver | nonce    | sealed cookie
 */

export const MAC_BYTES = 16;
export const COOKIE_BYTES = 16;
export const COOKIE_NONCE_BYTES = 24;
const INDEX_BYTES = 4;

/** Behind the header. */
const BODY_BYTES: Readonly<Record<MessageType, number>> = {
  initiation:
    INDEX_BYTES + KEY_BYTES + (KEY_BYTES + TAG_BYTES) + (TIMESTAMP_BYTES + TAG_BYTES) + 2 * MAC_BYTES,
  response: 2 * INDEX_BYTES + KEY_BYTES + TAG_BYTES + 2 * MAC_BYTES,
  cookie: INDEX_BYTES + COOKIE_NONCE_BYTES + COOKIE_BYTES + TAG_BYTES,
};

export interface InitiationMessage {
  readonly type: 'initiation';
  readonly sender: number;
  readonly noise: Uint8Array;
}

export interface ResponseMessage {
  readonly type: 'response';
  readonly sender: number;
  readonly receiver: number;
  readonly noise: Uint8Array;
}

export interface CookieMessage {
  readonly type: 'cookie';
  readonly receiver: number;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

export type Message = InitiationMessage | ResponseMessage | CookieMessage;

/** undefined for anything but a message of the right length. Nothing in it has been checked. */
export function readMessage(suite: TunnelSuite, bytes: Uint8Array): Message | undefined {
  const type = typeOf(suite, bytes);
  if (!type) return undefined;
  const start = suite.headers[type].length;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  const index = view.getUint32(0, suite.littleEndian);
  const body = bytes.subarray(start + INDEX_BYTES);
  if (type === 'cookie') {
    const nonce = body.subarray(0, COOKIE_NONCE_BYTES);
    return { type, receiver: index, nonce, sealed: body.subarray(COOKIE_NONCE_BYTES) };
  }
  const beforeMacs = body.subarray(0, -2 * MAC_BYTES);
  if (type === 'initiation') return { type, sender: index, noise: beforeMacs };
  const receiver = view.getUint32(INDEX_BYTES, suite.littleEndian);
  return { type, sender: index, receiver, noise: beforeMacs.subarray(INDEX_BYTES) };
}

/** The message with its MACs still zeros: MacWriter fills them in. */
export function writeInitiation(suite: TunnelSuite, sender: number, noise: Uint8Array): Uint8Array {
  return concat(suite.headers.initiation, indices(suite, sender), noise, new Uint8Array(2 * MAC_BYTES));
}

/** As writeInitiation(). */
export function writeResponse(
  suite: TunnelSuite,
  sender: number,
  receiver: number,
  noise: Uint8Array,
): Uint8Array {
  return concat(
    suite.headers.response,
    indices(suite, sender, receiver),
    noise,
    new Uint8Array(2 * MAC_BYTES),
  );
}

export function writeCookie(
  suite: TunnelSuite,
  receiver: number,
  nonce: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  return concat(suite.headers.cookie, indices(suite, receiver), nonce, sealed);
}

function typeOf(suite: TunnelSuite, bytes: Uint8Array): MessageType | undefined {
  for (const type of ['initiation', 'response', 'cookie'] as const) {
    const header = suite.headers[type];
    if (
      bytes.length === header.length + BODY_BYTES[type] &&
      equal(bytes.subarray(0, header.length), header)
    ) {
      return type;
    }
  }
  return undefined;
}

function indices(suite: TunnelSuite, ...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * INDEX_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * INDEX_BYTES, value, suite.littleEndian);
  return bytes;
}
