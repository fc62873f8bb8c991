import { Reason } from '@cryptbpf/core';
import { answer, type Witness, witnessOf } from './answer.js';
import { makeChallenge } from './challenge.js';
import { type Packet, parseFrame, TCP, UDP, u16 } from './frame.js';
import { judgeProof, type Proof } from './proof.js';
import { listedAs, sourceKey, type TwinState } from './state.js';

/* The gate of docs/protocols.md, packet by packet. */

export const HELLO_BYTES = 64;
const HEADER_BYTES = 16;
const HELLO = 1;
const CHALLENGE = 2;
const PROOF = 3;
const VERDICT = 4;

export interface Outcome {
  reason: Reason;
  action: 'pass' | 'drop' | 'tx';
  /** The whole frame that goes back. */
  reply?: Uint8Array;
}

/**
 * What becomes of a frame; the state is moved on. seen: the answer that another gate gave, from which this one takes
 * what chance and the clock decide (salt, time of issue, remaining lifetime); RangeError when the clock cannot have.
 */
export function judge(state: TwinState, frame: Uint8Array, seen?: Uint8Array): Outcome {
  const packet = parseFrame(frame);
  if (typeof packet === 'number') return settle(state, packet);
  if (packet.protocol === UDP && packet.destinationPort === state.port) {
    return judgeMessage(state, frame, packet, seen);
  }
  const ports = packet.protocol === TCP ? state.tcpPorts : state.udpPorts;
  if (!ports.has(packet.destinationPort)) return settle(state, Reason.PASS_UNPROTECTED);
  return settle(state, judgeTraffic(state, packet));
}

function settle(state: TwinState, reason: Reason): Outcome {
  return { reason, action: reason < Reason.DROP_TRUNCATED || state.monitor ? 'pass' : 'drop' };
}

function judgeTraffic(state: TwinState, packet: Packet): Reason {
  if (state.confirmByNs !== undefined && state.nowNs() > state.confirmByNs) return Reason.PASS_UNCONFIRMED;
  if (packet.firstFragment) return Reason.DROP_FRAGMENT;
  if (!isHost(packet.version, packet.source)) return Reason.DROP_ADDRESS;
  const listed = listedAs(state, packet.source);
  if (listed) return listed === 'deny' ? Reason.DROP_DENIED : Reason.PASS_ALLOWED;
  const until = state.admitted.get(sourceKey(state, packet.version, packet.source));
  if (until === undefined) return Reason.DROP_NOT_ADMITTED;
  return until > state.nowNs() ? Reason.PASS_ADMITTED : Reason.DROP_ADMISSION_EXPIRED;
}

function judgeMessage(state: TwinState, frame: Uint8Array, packet: Packet, seen?: Uint8Array): Outcome {
  if (packet.firstFragment) return settle(state, Reason.DROP_FRAGMENT);
  if (packet.options) return settle(state, Reason.DROP_HEADER_OPTIONS);
  if (!isHost(packet.version, packet.source) || !isHost(packet.version, packet.destination)) {
    return settle(state, Reason.DROP_ADDRESS);
  }
  const message = frame.subarray(packet.transport + 8, packet.end);
  const refused = checkHeader(state, frame, packet, message);
  if (refused) return settle(state, refused);
  const witness = seen && witnessOf(seen, packet);
  if (message[5] === HELLO) return hello(state, frame, packet, message, witness);
  return proof(state, frame, packet, message, witness);
}

function checkHeader(state: TwinState, frame: Uint8Array, packet: Packet, message: Uint8Array): Reason {
  const proofMessageBytes = HEADER_BYTES + 32 + state.proofBytes;
  const more = (state.proofBytesMax ?? state.proofBytes) - state.proofBytes;
  const isProofLong = message.length >= proofMessageBytes && message.length <= proofMessageBytes + more;
  const fits = message.length === HELLO_BYTES || isProofLong;
  if (!fits || u16(frame, packet.transport + 4) !== 8 + message.length) return Reason.DROP_MESSAGE_LENGTH;
  if (new DataView(message.buffer, message.byteOffset).getUint32(0) !== state.magic) {
    return Reason.DROP_MESSAGE_MAGIC;
  }
  if (message[4] !== 1) return Reason.DROP_MESSAGE_VERSION;
  if (message[5] !== HELLO && message[5] !== PROOF) return Reason.DROP_MESSAGE_TYPE;
  if (message[6] !== 0 || message[7] !== 0) return Reason.DROP_MESSAGE_FORMAT;
  if (listedAs(state, packet.source) === 'deny') return Reason.DROP_DENIED;
  const isRight = message[5] === HELLO ? message.length === HELLO_BYTES : isProofLong;
  return isRight ? Reason.REASON_NONE : Reason.DROP_MESSAGE_LENGTH;
}

function hello(
  state: TwinState,
  frame: Uint8Array,
  packet: Packet,
  message: Uint8Array,
  witness: Witness = { salt: 0n },
): Outcome {
  if (message.subarray(HEADER_BYTES).some((byte) => byte !== 0)) {
    return settle(state, Reason.DROP_MESSAGE_FORMAT);
  }
  const now = state.nowNs();
  if (now > state.clockGoodUntilNs) return settle(state, Reason.DROP_CLOCK_STALE);
  const wall = (now + state.wallOffsetNs) / 1_000_000n;
  const issued = near('time of issue', witness.issued ?? wall, wall, 10_000n);
  const secret = state.secrets[0]!;
  const fields = { difficulty: state.difficulty, keyId: secret.id, service: state.service, issued };
  const reply = message.slice();
  reply[5] = CHALLENGE;
  const challenge = makeChallenge({ ...fields, salt: witness.salt }, secret, state.epochMs, packet.source);
  reply.set(challenge, HEADER_BYTES);
  reply.set(packet.source, HEADER_BYTES + 32);
  return { reason: Reason.ANSWER_CHALLENGE, action: 'tx', reply: answer(frame, packet, reply) };
}

function proof(
  state: TwinState,
  frame: Uint8Array,
  packet: Packet,
  message: Uint8Array,
  witness?: Witness,
): Outcome {
  const given: Proof = {
    challenge: message.subarray(HEADER_BYTES, HEADER_BYTES + 32),
    proof: message.subarray(HEADER_BYTES + 32),
    source: packet.source,
    key: sourceKey(state, packet.version, packet.source),
  };
  const { reason, lifetime } = judgeProof(state, given);
  const admitted = reason === Reason.ANSWER_ADMITTED;
  if (!admitted && reason < Reason.DROP_SERVICE) return settle(state, reason);
  const reply = message.slice().fill(0, HEADER_BYTES, HEADER_BYTES + 32 + state.proofBytes);
  const told = BigInt(lifetime);
  const seconds = Number(
    near('lifetime', BigInt(witness?.lifetime ?? lifetime), told, told === 0n ? 0n : 2n),
  );
  reply[5] = VERDICT;
  reply[6] = admitted ? 0 : reason;
  const view = new DataView(reply.buffer);
  view.setUint32(HEADER_BYTES, seconds);
  view.setUint32(HEADER_BYTES + 4, Math.floor(seconds / 4) * 3);
  return { reason, action: 'tx', reply: answer(frame, packet, reply) };
}

/** Whether an address can be one host's. */
function isHost(version: 4 | 6, address: Uint8Array): boolean {
  if (version === 4) return address[12] !== 0 && address[12]! < 224;
  const isMapped = address.subarray(0, 10).every((byte) => byte === 0) && u16(address, 10) === 0xffff;
  return address[0] !== 0xff && !isMapped && address.some((byte) => byte !== 0);
}

function near(name: string, value: bigint, expected: bigint, tolerance: bigint): bigint {
  const distance = value > expected ? value - expected : expected - value;
  if (distance <= tolerance) return value;
  throw new RangeError(`${name} is ${value}, expected ${expected}`);
}
