import { createHash, createPublicKey, verify } from 'node:crypto';
import { installed } from '../../packages.js';
import { AUDIENCE, type Explanation, hex, labelled, type Step } from './step.js';

const TRAILER = 96;

async function* steps(): AsyncGenerator<Step> {
  const { createSigner, generateKey } = await installed(
    'signed-auth',
    () => import('@cryptbpf/signed-auth/client'),
  );
  const { privatePem, publicPem, publicKey } = generateKey();
  yield {
    what: 'a key pair; the gate gets the public half, under a number',
    values: { 'public key': hex(publicKey), 'key id': 1 },
  };
  const signer = createSigner(privatePem, { audience: AUDIENCE, keyId: 1 });
  const payload = new TextEncoder().encode('21.5');
  const packet = await signer.sign(payload);
  const trailer = packet.subarray(-TRAILER);
  yield {
    what: 'a packet is signed: payload, then a trailer of 96 bytes',
    values: {
      payload: hex(payload),
      instance: hex(trailer.subarray(0, 8)),
      counter: hex(trailer.subarray(8, 16)),
      'time, key id': hex(trailer.subarray(16, 24)),
      signature: hex(trailer.subarray(24, 88)),
      foot: hex(trailer.subarray(88)),
    },
  };
  const audience = createHash('sha256').update(AUDIENCE).digest();
  const statement = (text: Uint8Array) =>
    Buffer.concat([labelled('cryptbpf signed-auth v1', audience), text, trailer.subarray(0, 24)]);
  const key = { key: createPublicKey(publicPem), dsaEncoding: 'ieee-p1363' } as const;
  const holds = (text: Uint8Array) => `${verify('sha256', statement(text), key, trailer.subarray(24, 88))}`;
  yield {
    what: 'the gate checks it, for this service, payload and counter; the service sees the payload alone',
    values: { holds: holds(payload) },
  };
  yield {
    what: 'another payload under the same trailer',
    values: { holds: holds(new TextEncoder().encode('99.9')) },
  };
  const next = await signer.sign(payload);
  yield {
    what: 'the next packet has the next counter: a copy of the first one is dropped as a replay',
    values: { counter: hex(next.subarray(-TRAILER).subarray(8, 16)) },
  };
}

export const signedAuth: Explanation = {
  diagram: `
  sender                                    gate, at the network card
   |  payload || trailer (96 bytes)          |
   |---------------------------------------->|  key known? time fresh? counter new? signature right?
   |                                         |--> the service, which sees the payload alone
   |                                         |
   |  SESSION_REQUEST, signed                |  once, for many packets
   |<--------------------------------------->|
   |  payload || tag (40 bytes)              |  then each packet costs microseconds
   |---------------------------------------->|
`,
  steps,
};
