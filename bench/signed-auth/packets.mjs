import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createSigner, Session } from '@cryptbpf/signed-auth/client';
import { PAYLOAD, setUdpChecksum, slotsOf, udp } from '../pow/frames.mjs';

/* Packets of the benchmark, made by the client itself. */

export const AUDIENCE = 'bench.example';
export const SERVICE_PORT = 443;
export const SIGNED_FRAME = 42 + 64 + 96;
export const SESSION_FRAME = 42 + 64 + 40;
const PAYLOAD_BYTES = 64;
const KEYS = 4;
const INSTANCES_OF_A_KEY = 4;
const SESSIONS = 256;
const UNKNOWN_KEY = 999;
const TOO_OLD_MS = 24 * 3_600_000;
const SESSION_LIFETIME = 86_400;

/** Key pairs and sessions, as text for other processes. */
export function newParties() {
  const keys = Array.from({ length: KEYS }, (_, i) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = (key, type) => key.export({ format: 'pem', type });
    return { id: i + 1, privatePem: pem(privateKey, 'pkcs8'), publicPem: pem(publicKey, 'spki') };
  });
  const sessions = Array.from({ length: SESSIONS }, (_, i) => ({
    id: String((randomBytes(8).readBigUInt64BE() & ~0xfffffn) | BigInt(i)),
    key: randomBytes(16).toString('hex'),
  }));
  return { keys, sessions };
}

/** 0x04 || x || y */
export function pointOf(publicPem) {
  const { x, y } = createPublicKey(publicPem).export({ format: 'jwk' });
  return Buffer.concat([Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** kind -> makers of payloads, to be asked in turn */
const MAKERS = {
  verify: ({ keys }) => signers(keys),
  session: ({ sessions }) => sessions.map(sealer),
  'reject-cheap': ({ keys }) => [
    () => randomBytes(PAYLOAD_BYTES + 96),
    signer({ ...keys[0], id: UNKNOWN_KEY }),
    signer(keys[1], { now: () => Date.now() - TOO_OLD_MS }),
  ],
};

/** Writes one packet from each source into the map that BPF draws from. */
export async function writePackets(view, kind, parties, sources, route) {
  const slots = slotsOf(view);
  const makers = MAKERS[kind](parties);
  for (const [i, source] of sources.entries()) {
    const payload = await makers[i % makers.length]();
    const frame = slots(i);
    udp(frame, route, source, SERVICE_PORT, payload.length);
    frame.set(payload, PAYLOAD);
    setUdpChecksum(frame, payload.length);
  }
}

function signers(keys) {
  return Array.from({ length: INSTANCES_OF_A_KEY }, () => keys.map((key) => signer(key))).flat();
}

/** With OpenSSL's signatures, which are made faster than the client's own. */
function signer({ id, privatePem }, options) {
  const key = { key: privatePem, dsaEncoding: 'ieee-p1363' };
  const signMessage = (message) => new Uint8Array(sign('sha256', message, key));
  const own = createSigner({ signMessage }, { audience: AUDIENCE, keyId: id, ...options });
  return () => own.sign(randomBytes(PAYLOAD_BYTES));
}

function sealer({ id, key }) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(id));
  const terms = { id: bytes, key: Buffer.from(key, 'hex'), lifetime: SESSION_LIFETIME };
  const session = new Session({ ...terms, start: Date.now(), now: Date.now });
  return () => session.seal(randomBytes(PAYLOAD_BYTES));
}
