import { ADDRESS_LENGTH, addressBytes } from '@cryptbpf/core/gate-client';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { checkBytes, checkInteger } from './guards.js';

/*
 * The messages whose SHA-256 is signed. Each begins with a label of its own, so that a signature for one purpose is
 * none for another, and with the audience, so that it is none at another service.
 */

const LABEL_LENGTH = 32;
const PACKET = label('cryptbpf signed-auth v1');
const ADDRESSED_PACKET = label('cryptbpf signed-auth addr v1');
const KNOCK = label('cryptbpf signed-auth knock v1');
const SESSION = label('cryptbpf signed-auth session v1');

/** Both ends of a packet as the gate sees them. */
export interface Flow {
  /** IPv4 or IPv6 address of the sender. */
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
}

/** What the audience of a service becomes in everything that is signed for it. */
export function audienceDigest(audience: string): Uint8Array {
  if (typeof audience !== 'string' || audience === '') {
    throw new TypeError(
      `audience is ${JSON.stringify(audience)}, expected the name that the gate's operator chose`,
    );
  }
  return sha256(utf8ToBytes(audience));
}

/** payload and fields lie one behind the other in `signed`, as in the packet. */
export function packetStatement(
  audience: Uint8Array,
  signed: Uint8Array,
  flow: Flow | undefined,
): Uint8Array {
  if (!flow) return concatBytes(PACKET, audience, signed);
  return concatBytes(ADDRESSED_PACKET, audience, addresses(flow), signed);
}

export function knockStatement(
  audience: Uint8Array,
  keyId: number,
  challenge: Uint8Array,
  source: Uint8Array,
) {
  return concatBytes(KNOCK, audience, keyIdField(keyId), challenge, source);
}

export function sessionStatement(
  audience: Uint8Array,
  keyId: number,
  challenge: Uint8Array,
  source: Uint8Array,
  ephemeral: Uint8Array,
): Uint8Array {
  return concatBytes(SESSION, audience, keyIdField(keyId), challenge, source, ephemeral);
}

/** The key id in 2 bytes, and 2 zero bytes. */
export function keyIdField(keyId: number): Uint8Array {
  return Uint8Array.of(keyId >> 8, keyId & 0xff, 0, 0);
}

/** An address as text, or as its 16 bytes. */
export function sourceBytes(source: string | Uint8Array): Uint8Array {
  if (typeof source === 'string') return addressBytes(source);
  checkBytes('source', source, ADDRESS_LENGTH);
  return source;
}

function addresses({ source, sourcePort, destination, destinationPort }: Flow): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set(addressBytes(source));
  bytes.set(addressBytes(destination), ADDRESS_LENGTH);
  view.setUint16(32, checkInteger('sourcePort', sourcePort, 1, 65535));
  view.setUint16(34, checkInteger('destinationPort', destinationPort, 1, 65535));
  return bytes;
}

function label(text: string): Uint8Array {
  const bytes = new Uint8Array(LABEL_LENGTH);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
