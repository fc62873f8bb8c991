import { checkInteger } from '@cryptbpf/core/gate-client';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { G, nonceFor, pointBytes, Scalars, scalarBytes, toScalar } from './curve.js';
import { type PrivateKey, secretOf } from './key.js';
import type { Prover } from './prover.js';
import { audienceDigest, claimOf, LABELS, numberField } from './statement.js';

export interface SchnorrProverOptions {
  /** The name that the gate's operator chose for the service. */
  audience: string;
  /** The number under which the gate knows the public half, 0 to 65535. */
  keyId: number;
  key: PrivateKey;
}

/**
 * Proves knowledge of a private key, of which the gate has the public half alone. The gate learns whose key it is,
 * and can show the proof to nobody as one about anything else.
 *
 * @throws ZkpError `ERR_ZKP_KEY`, TypeError, RangeError.
 *
 * @example
 * import { createSchnorrProver } from '@cryptbpf/zkp/client';
 * const prover = createSchnorrProver({ audience: 'ssh.example', keyId: 1, key: secretKey });
 */
export function createSchnorrProver({ audience, keyId, key }: SchnorrProverOptions): Prover {
  const service = audienceDigest(audience);
  const id = numberField(checkInteger('keyId', keyId, 0, 0xffff));
  const secret = secretOf(key);
  const x = Scalars.fromBytes(secret);
  const start = concatBytes(LABELS.schnorr, service, p256.getPublicKey(secret, false).subarray(1));
  return {
    kind: 'schnorr',
    prove(challenge, source) {
      const statement = concatBytes(start, claimOf(challenge, source), id);
      const k = nonceFor(secret, statement);
      const commitment = pointBytes(G.multiply(k));
      const c = toScalar(sha256(concatBytes(statement, commitment)));
      const s = Scalars.add(k, Scalars.mul(c, x));
      return concatBytes(id, commitment, scalarBytes(s));
    },
  };
}
