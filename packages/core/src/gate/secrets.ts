import { randomBytes } from 'node:crypto';
import { BpfError } from '../errors.js';
import type { GateConfig, GateSecret } from './gate.gen.js';

/** A master secret that gates share: 32 random bytes, and a number that tells it from others. */
export interface SharedSecret {
  /** 0 to 255. */
  id: number;
  key: Uint8Array;
}

const SECRET_BYTES = 32;

/** No secret: a generation of 0. */
export function noSecret(): GateSecret {
  return { master: { bytes: new Uint8Array(SECRET_BYTES) }, generation: 0, keyId: 0 };
}

/** Current and previous secret after `secret`, or a random one, has become the current. */
export function rotateSecrets(secrets: readonly GateSecret[], secret?: SharedSecret): GateSecret[] {
  const [current = noSecret(), previous = noSecret()] = secrets;
  const bytes = secret ? checkedKey(secret) : new Uint8Array(randomBytes(SECRET_BYTES));
  if (secret && isCurrent(current, secret)) return [current, previous];
  const generation = Math.max(current.generation, previous.generation) + 1;
  const keyId = secret?.id ?? (current.generation === 0 ? 0 : (current.keyId + 1) & 0xff);
  const before = current.generation !== 0 && current.keyId === keyId ? noSecret() : current;
  return [{ ...noSecret(), master: { bytes }, generation, keyId }, before];
}

/** Overwrites the copies of the secrets that a decoded configuration holds. */
export function wipe(config: Pick<GateConfig, 'secrets'>): void {
  for (const { master } of config.secrets) master.bytes.fill(0);
}

/** A key for keyed hashing, which stays within the machine. */
export function randomSiphashKey(): { k0: bigint; k1: bigint } {
  const bytes = randomBytes(16);
  const key = { k0: bytes.readBigUInt64LE(0), k1: bytes.readBigUInt64LE(8) };
  bytes.fill(0);
  return key;
}

function isCurrent(current: GateSecret, { id, key }: SharedSecret): boolean {
  return current.generation !== 0 && current.keyId === id && Buffer.compare(current.master.bytes, key) === 0;
}

function checkedKey({ id, key }: SharedSecret): Uint8Array {
  if (!Number.isInteger(id) || id < 0 || id > 255) {
    throw new BpfError('ERR_BAD_OPTION', `option secret.id is ${id}, expected an integer from 0 to 255`);
  }
  if (!(key instanceof Uint8Array) || key.length !== SECRET_BYTES) {
    const length = key instanceof Uint8Array ? `${key.length} bytes` : typeof key;
    throw new BpfError('ERR_BAD_OPTION', `option secret.key is ${length}, expected ${SECRET_BYTES} bytes`);
  }
  return key.slice();
}
