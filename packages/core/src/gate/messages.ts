/* The exchange of docs/protocols.md, from the side of a peer. Offsets are those of the specification. */

const VERSION = 1;
const HELLO = 1;
const PROOF = 3;
const HEADER_BYTES = 16;
const CHALLENGE_BYTES = 32;
const HELLO_BYTES = 64;

function header(magic: number, type: number, bytes: number): Uint8Array {
  const message = new Uint8Array(bytes);
  const view = new DataView(message.buffer);
  view.setUint32(0, magic);
  view.setUint8(4, VERSION);
  view.setUint8(5, type);
  return message;
}

export function helloMessage(magic: number): Uint8Array {
  return header(magic, HELLO, HELLO_BYTES);
}

export function challengeOf(message: Uint8Array): Uint8Array {
  return message.slice(HEADER_BYTES, HEADER_BYTES + CHALLENGE_BYTES);
}

export function proofMessage(magic: number, challenge: Uint8Array, proof: Uint8Array): Uint8Array {
  const message = header(magic, PROOF, HEADER_BYTES + CHALLENGE_BYTES + proof.length);
  message.set(challenge, HEADER_BYTES);
  message.set(proof, HEADER_BYTES + CHALLENGE_BYTES);
  return message;
}

/** What a gate says of a proof; lifetimes in seconds. */
export interface GateVerdict {
  readonly status: number;
  readonly lifetime: number;
  readonly renewAfter: number;
}

export function verdictOf(message: Uint8Array): GateVerdict {
  const view = new DataView(message.buffer, message.byteOffset);
  return {
    status: view.getUint8(6),
    lifetime: view.getUint32(HEADER_BYTES),
    renewAfter: view.getUint32(HEADER_BYTES + 4),
  };
}
