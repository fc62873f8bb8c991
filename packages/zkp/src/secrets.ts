import { BpfError } from '@cryptbpf/core';
import { sha256State } from '@cryptbpf/core/crypto';
import { SECRET_MAX, SECRET_MIN, SHA256_SECRET } from './client/hash.js';
import { audienceDigest, LABELS } from './client/statement.js';
import { type KeyInfo, type PlaceMaps, Places } from './places.js';
import type { Provers, RemoveOptions } from './provers.js';
import { ZkpHashForm, type ZkpKey } from './zkp_hash.gen.js';

/** A secret that the gate shares with who proves. The gate's memory, which root can read, holds what it takes to prove. */
export interface ProofSecret {
  /** 0 to 65535; not secret. */
  id: number;
  /** 16 to 64 random bytes, a different one for each prover; 32 for form 'sha256'. */
  secret: Uint8Array;
  /** 'sha256' is for devices that have no more than a hash. Default 'hmac'. */
  form?: 'hmac' | 'sha256';
}

const BLOCK = 64;

/** Whose proofs count: holders of secrets. */
export class Secrets implements Provers {
  readonly #places: Places<ZkpKey>;
  readonly #audience: Uint8Array;

  constructor(maps: PlaceMaps<ZkpKey>, audience: string) {
    this.#places = new Places(maps);
    this.#audience = audienceDigest(audience);
  }

  /** These count, and no others. */
  async set(secrets: readonly ProofSecret[]): Promise<void> {
    const wanted = new Map(secrets.map((given) => [given.id, this.#prepare(given)]));
    for (const id of this.#places.ids) {
      const now = this.#places.get(id)!;
      if (!wanted.has(id) || !isSame(wanted.get(id)!, now)) this.#places.remove(id, 0);
    }
    for (const secret of secrets) await this.add(secret);
  }

  /**
   * Lets one more prove, at once. A secret is replaced by adding one under another id, and removing the old one after
   * a while. Throws ERR_EXISTS for an id that has another secret, ERR_MAP_FULL, ERR_BAD_VALUE.
   */
  async add(given: ProofSecret): Promise<void> {
    const key = this.#prepare(given);
    const known = this.#places.get(given.id);
    if (known?.untilNs === 0n && isSame(known, key)) return;
    await this.#places.add(given.id, () => key);
    wipe(key);
  }

  /** Proofs by it count no more. False: there was none. Who was admitted by it stays until its time is over: revoke(). */
  remove(id: number, { after = 0 }: RemoveOptions = {}): boolean {
    return this.#places.remove(id, after);
  }

  list(): KeyInfo[] {
    return this.#places.list();
  }

  #prepare({ secret, form = 'hmac' }: ProofSecret): ZkpKey {
    checkSecret(secret, form);
    if (form === 'sha256') return { secret: plain(secret), untilNs: 0n, form: ZkpHashForm.ZKP_SHA256 };
    const [inner, outer] = [pad(secret, 0x36), pad(secret, 0x5c)];
    const key = {
      inner: { h: sha256State(inner, LABELS.hash, this.#audience) },
      outer: { h: sha256State(outer) },
    };
    inner.fill(0);
    outer.fill(0);
    return { secret: key, untilNs: 0n, form: ZkpHashForm.ZKP_HMAC };
  }
}

function pad(secret: Uint8Array, byte: number): Uint8Array {
  const block = new Uint8Array(BLOCK).fill(byte);
  for (let i = 0; i < secret.length; i++) block[i]! ^= secret[i]!;
  return block;
}

/** As the program takes it: eight words. */
function plain(secret: Uint8Array): ZkpKey['secret'] {
  const view = new DataView(secret.buffer, secret.byteOffset);
  const words = Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i));
  return { inner: { h: words }, outer: { h: new Array<number>(8).fill(0) } };
}

function isSame(a: ZkpKey, b: ZkpKey): boolean {
  const words = ({ secret, form }: ZkpKey) => [form, ...secret.inner.h, ...secret.outer.h];
  const other = words(b);
  return words(a).every((word, i) => word === other[i]);
}

/** What is in the kernel's memory now need not stay here. */
function wipe({ secret }: ZkpKey): void {
  secret.inner.h.fill(0);
  secret.outer.h.fill(0);
}

function checkSecret(secret: Uint8Array, form: string): void {
  if (form !== 'hmac' && form !== 'sha256') throw bad(`form is ${form}, expected "hmac" or "sha256"`);
  if (!(secret instanceof Uint8Array)) throw bad(`secret is ${typeof secret}, expected Uint8Array`);
  const [min, max] = form === 'hmac' ? [SECRET_MIN, SECRET_MAX] : [SHA256_SECRET, SHA256_SECRET];
  if (secret.length >= min && secret.length <= max) return;
  throw bad(`secret is ${secret.length} bytes, expected ${min === max ? min : `${min} to ${max}`}`);
}

function bad(message: string): BpfError {
  return new BpfError('ERR_BAD_VALUE', message);
}
