import { createHash, createHmac, randomBytes } from 'node:crypto';
import { installed } from '../../packages.js';
import {
  ADDRESS,
  AUDIENCE,
  type Explanation,
  gateDiagram,
  hex,
  labelled,
  type Step,
  someChallenge,
} from './step.js';

async function* steps(): AsyncGenerator<Step> {
  const zkp = await installed('zkp', () => import('@cryptbpf/zkp/client'));
  const challenge = someChallenge(0);
  yield {
    what: 'the challenge that a gate would give, with a random tag in place of its own',
    values: { challenge: hex(challenge), 'for the address': ADDRESS },
  };

  const secret = new Uint8Array(randomBytes(32));
  const proof = zkp.createHashProver({ audience: AUDIENCE, keyId: 1, secret }).prove(challenge, ADDRESS);
  yield {
    what: 'kind hash: that somebody has a secret, which the gate has too',
    values: { proof: hex(proof) },
  };
  const audience = createHash('sha256').update(AUDIENCE).digest();
  const statement = Buffer.concat([
    labelled('cryptbpf zkp hash v1', audience),
    challenge,
    zkp.addressBytes(ADDRESS),
    proof.subarray(0, 4),
  ]);
  const expected = createHmac('sha256', secret).update(statement).digest();
  yield {
    what: 'the gate calculates the same HMAC',
    values: { response: hex(expected), holds: `${expected.equals(proof.subarray(4))}` },
  };

  const members = Array.from({ length: 3 }, () => zkp.generateKey());
  const schnorr = zkp.createSchnorrProver({ audience: AUDIENCE, keyId: 1, key: members[0]!.secretKey });
  const first = schnorr.prove(challenge, ADDRESS);
  yield {
    what: 'kind schnorr: that somebody has a private key, of which the gate has the public half; it checks s G - c P = R',
    values: {
      'public key P': hex(members[0]!.publicKey),
      'commitment R': hex(first.subarray(4, 68)),
      'response s': hex(first.subarray(68)),
    },
  };
  const group = { id: 7, epoch: 1, members: members.map(({ publicKey }) => publicKey) };
  const ring = zkp.createRingProver({ audience: AUDIENCE, group, key: members[1]!.secretKey });
  yield {
    what: 'kind ring: that somebody is one of three, and not which one',
    values: { bytes: ring.prove(challenge, ADDRESS).length, proof: hex(ring.prove(challenge, ADDRESS)) },
  };
}

export const zkp: Explanation = {
  diagram: gateDiagram(
    'a proof',
    'The port is silent to everybody else. A proof is good for one challenge, one address and one service.',
  ),
  steps,
};
