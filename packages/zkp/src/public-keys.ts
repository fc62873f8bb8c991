import { type P256PublicKey, p256PublicKey, sha256State } from '@cryptbpf/core/crypto';
import { audienceDigest, LABELS } from './client/statement.js';
import { type KeyInfo, type PlaceMaps, Places } from './places.js';
import type { Provers, RemoveOptions } from './provers.js';
import type { Tables } from './tables.js';
import type { ZkpKey } from './zkp_schnorr.gen.js';

/** The public half of a key whose holder may prove. */
export interface ProofKey {
  /** 0 to 65535; not secret. */
  id: number;
  key: P256PublicKey;
}

/** Whose proofs count: holders of private keys. */
export class PublicKeys implements Provers {
  readonly #places: Places<ZkpKey>;
  readonly #tables: Tables;
  readonly #audience: Uint8Array;

  constructor(maps: PlaceMaps<ZkpKey>, tables: Tables, audience: string) {
    this.#places = new Places(maps);
    this.#tables = tables;
    this.#audience = audienceDigest(audience);
  }

  /** These count, and no others. */
  async set(keys: readonly ProofKey[]): Promise<void> {
    const wanted = new Map(keys.map(({ id, key }) => [id, this.#startOf(p256PublicKey(key).point)]));
    for (const id of this.#places.ids)
      if (!isSame(wanted.get(id), this.#places.get(id))) this.#places.remove(id, 0);
    for (const key of keys) await this.add(key);
  }

  /**
   * Lets one more prove, once its table is built: within 100 ms. Throws ERR_EXISTS for an id that has another key,
   * ERR_MAP_FULL, ERR_BAD_VALUE.
   */
  async add({ id, key }: ProofKey): Promise<void> {
    const { point } = p256PublicKey(key);
    const start = this.#startOf(point);
    const known = this.#places.get(id);
    if (known?.untilNs === 0n && isSame(start, known)) return;
    await this.#places.add(id, async (table) => {
      await this.#tables.write(table, point);
      return { start: { h: start }, untilNs: 0n, table };
    });
  }

  /** Proofs by it count no more. False: there was none. Who was admitted by it stays until its time is over: revoke(). */
  remove(id: number, { after = 0 }: RemoveOptions = {}): boolean {
    return this.#places.remove(id, after);
  }

  list(): KeyInfo[] {
    return this.#places.list();
  }

  #startOf(point: Uint8Array): number[] {
    return sha256State(LABELS.schnorr, this.#audience, point.subarray(1));
  }
}

/** Both stand for the key and the audience. */
function isSame(start: readonly number[] | undefined, known: ZkpKey | undefined): boolean {
  return start !== undefined && known !== undefined && start.every((word, i) => word === known.start.h[i]);
}
