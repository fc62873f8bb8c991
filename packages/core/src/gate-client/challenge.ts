import type { Failures } from './failures.js';

export const CHALLENGE_LENGTH = 32;
const CHALLENGE_VERSION = 1;

/** What a challenge says in clear. The gate's tag over it means nothing to the peer. */
export interface Challenge {
  /** What it asks for is the feature's. */
  difficulty: number;
  /** Which of the gate's secrets made the tag. */
  keyId: number;
  /** The service that the challenge is good for. */
  service: number;
  /** Unix milliseconds by the gate's clock. */
  issued: number;
  salt: bigint;
}

export interface ChallengeCheck {
  failures: Failures;
  maxDifficulty: number;
}

/**
 * Reads a challenge of 32 bytes.
 *
 * @throws TypeError when it is no Uint8Array; a `challenge` failure when it is no challenge of version 1.
 */
export function parseChallenge(bytes: Uint8Array, { failures, maxDifficulty }: ChallengeCheck): Challenge {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`challenge is ${typeof bytes}, expected Uint8Array`);
  const fault = faultOf(bytes, maxDifficulty);
  if (fault) throw failures.make('challenge', `challenge ${fault}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    difficulty: view.getUint8(1),
    keyId: view.getUint8(2),
    service: view.getUint32(4),
    issued: Number(view.getBigUint64(8)),
    salt: view.getBigUint64(16),
  };
}

function faultOf(bytes: Uint8Array, maxDifficulty: number): string | undefined {
  const [version, difficulty = 0, , reserved] = bytes;
  if (bytes.length !== CHALLENGE_LENGTH) return `is ${bytes.length} bytes, expected ${CHALLENGE_LENGTH}`;
  if (version !== CHALLENGE_VERSION)
    return `has version ${version}, expected ${CHALLENGE_VERSION}: the gate speaks another version of the protocol`;
  if (reserved !== 0) return `has ${reserved} in byte 3, expected 0`;
  if (difficulty > maxDifficulty) return `has difficulty ${difficulty}, at most ${maxDifficulty} exists`;
  return undefined;
}
