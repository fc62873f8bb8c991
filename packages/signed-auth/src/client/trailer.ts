import { CHALLENGE_LENGTH, TAG_LENGTH } from '@cryptbpf/core/gate-client';
import { SIGNATURE_LENGTH } from './key.js';

export const MAGIC = 0x5147beef;
const TRAILER_VERSION = 1;
const FOOT_LENGTH = 8;

export const TrailerType = { SIGNED: 1, SIGNED_WITH_COOKIE: 2, SESSION: 3 } as const;
export type TrailerType = (typeof TrailerType)[keyof typeof TrailerType];

/** The part of a trailer that is signed. */
export const FIELDS_LENGTH = 24;
export const SIGNED_LENGTH = FIELDS_LENGTH + SIGNATURE_LENGTH + FOOT_LENGTH;
export const SIGNED_WITH_COOKIE_LENGTH = SIGNED_LENGTH + CHALLENGE_LENGTH;
/** Session id and counter. */
export const SESSION_FIELDS_LENGTH = 16;
export const SESSION_LENGTH = SESSION_FIELDS_LENGTH + TAG_LENGTH + FOOT_LENGTH;

export interface Fields {
  instance: bigint;
  counter: bigint;
  /** Unix seconds. */
  time: number;
  keyId: number;
}

/** Payload, fields, signature, cookie if there is one, foot; the signature is still zero. */
export function unsignedPacket(
  payload: Uint8Array,
  fields: Fields,
  cookie: Uint8Array | undefined,
): Uint8Array {
  const trailer = cookie ? SIGNED_WITH_COOKIE_LENGTH : SIGNED_LENGTH;
  const packet = new Uint8Array(payload.length + trailer);
  const view = new DataView(packet.buffer);
  const at = payload.length;
  packet.set(payload);
  view.setBigUint64(at, fields.instance);
  view.setBigUint64(at + 8, fields.counter);
  view.setUint32(at + 16, fields.time);
  view.setUint16(at + 20, fields.keyId);
  if (cookie) packet.set(cookie, at + FIELDS_LENGTH + SIGNATURE_LENGTH);
  putFoot(view, cookie ? TrailerType.SIGNED_WITH_COOKIE : TrailerType.SIGNED);
  return packet;
}

/** Writes the foot at the end of a packet. */
export function putFoot(packet: DataView, type: TrailerType): void {
  const at = packet.byteLength - FOOT_LENGTH;
  packet.setUint8(at, TRAILER_VERSION);
  packet.setUint8(at + 1, type);
  packet.setUint32(at + 4, MAGIC);
}
