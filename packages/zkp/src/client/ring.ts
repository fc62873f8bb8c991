import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import {
  G,
  nonceFor,
  type Point,
  pointBytes,
  publicSum,
  randomScalar,
  Scalars,
  scalarBytes,
  toScalar,
} from './curve.js';
import { ZkpError } from './errors.js';
import { type Group, type Ring, ringOf } from './group.js';
import { type PrivateKey, secretOf } from './key.js';
import type { Prover } from './prover.js';
import { audienceDigest, claimOf } from './statement.js';

export interface RingProverOptions {
  /** The name that the gate's operator chose for the service. */
  audience: string;
  /** As the operator published it. */
  group: Group;
  /** Of one of the members. */
  key: PrivateKey;
}

const NO_IMAGE = new Uint8Array(64);

/**
 * Proves membership in a group. The gate learns that one of the members proved, not which one; it does see the source
 * address. Where the group counts admissions, proofs of one member in one epoch can be told to be the same member's.
 *
 * @throws ZkpError `ERR_ZKP_KEY`, `ERR_ZKP_GROUP`, TypeError.
 *
 * @example
 * import { createRingProver } from '@cryptbpf/zkp/client';
 * const group = await (await fetch('https://ssh.example/group.json')).json();
 * const prover = createRingProver({ audience: 'ssh.example', group, key: secretKey });
 */
export function createRingProver({ audience, group, key }: RingProverOptions): Prover {
  const ring = ringOf(group, audienceDigest(audience));
  const signer = new RingSigner(ring, secretOf(key));
  return { kind: 'ring', prove: (challenge, source) => signer.prove(claimOf(challenge, source)) };
}

/** One member. Which one decides where he begins to go round, and nothing else. */
class RingSigner {
  readonly #ring: Ring;
  readonly #secret: Uint8Array;
  readonly #x: bigint;
  readonly #index: number;
  readonly #image: Point | undefined;

  constructor(ring: Ring, secret: Uint8Array) {
    const own = p256.Point.fromBytes(p256.getPublicKey(secret));
    this.#ring = ring;
    this.#secret = secret;
    this.#x = Scalars.fromBytes(secret);
    this.#index = ring.points.findIndex((point) => point.equals(own));
    if (this.#index < 0) throw new ZkpError('ERR_ZKP_KEY', 'key is none of the members of the group');
    this.#image = ring.base?.multiply(this.#x);
  }

  prove(claim: Uint8Array): Uint8Array {
    const { points, start, base, id, epoch } = this.#ring;
    const image = this.#image ? pointBytes(this.#image) : NO_IMAGE;
    const statement = concatBytes(start, claim, image, new Uint8Array(16));
    const count = points.length;
    const responses = new Array<bigint>(count);
    const links = new Array<Uint8Array>(count);
    const k = nonceFor(this.#secret, statement);
    const own = this.#index;
    links[(own + 1) % count] = linkAfter(statement, own, [G.multiply(k), base?.multiply(k)]);
    for (let step = 1; step < count; step++) {
      const i = (own + step) % count;
      const s = randomScalar();
      responses[i] = s;
      links[(i + 1) % count] = linkAfter(statement, i, this.#guess(s, toScalar(links[i]!), points[i]!));
    }
    responses[own] = Scalars.sub(k, Scalars.mul(toScalar(links[own]!), this.#x));
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint16(0, id);
    new DataView(head.buffer).setUint32(4, epoch);
    return concatBytes(head, image, links[0]!, ...responses.map(scalarBytes));
  }

  /** The commitments of another member: of public numbers. */
  #guess(s: bigint, c: bigint, member: Point): [Point, Point | undefined] {
    const { base } = this.#ring;
    const second = base?.multiplyUnsafe(s).add(this.#image!.multiplyUnsafe(c));
    return [publicSum(s, c, member), second];
  }
}

function linkAfter(statement: Uint8Array, member: number, [a, b]: [Point, Point | undefined]): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setUint32(0, member);
  return sha256(concatBytes(statement, number, pointBytes(a), b ? pointBytes(b) : new Uint8Array(0)));
}
