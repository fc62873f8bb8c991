/**
 * The exchange with a gate over UDP, for Node.
 *
 * @example
 * import { createHashProver, requestAccess } from '@cryptbpf/zkp/udp';
 * await requestAccess({ host: 'ssh.example', prover: createHashProver({ audience: 'ssh.example', keyId: 1, secret }) });
 *
 * @packageDocumentation
 */
export { ZkpError, type ZkpErrorCode } from './client/errors.js';
export type { Group } from './client/group.js';
export { createHashProver, type HashProverOptions } from './client/hash.js';
export { generateKey, type KeyPair, type PrivateKey } from './client/key.js';
export type { ProofKind, Prover } from './client/prover.js';
export { createRingProver, type RingProverOptions } from './client/ring.js';
export { createSchnorrProver, type SchnorrProverOptions } from './client/schnorr.js';
export { keepAccess, requestAccess } from './udp/access.js';
export type { Access, AccessOptions, KeepAccessOptions, KeptAccess } from './udp/options.js';
