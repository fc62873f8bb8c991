import { openObject, type SyscallProgram } from '@cryptbpf/core';
import { GHASH_KINDS, type GhashKind, ghashTables } from '@cryptbpf/core/crypto';
import { AeadCrypto, type AeadObject, BUILD, bytesOf, KEY_BYTES, offsetsOf } from './aead.js';

export const GHASH_TABLES: Record<GhashKind, string> = {
  small: 'small_tables',
  large: 'large_tables',
  'table-free': 'subkeys',
};

export interface AesGcmOptions {
  /** Default: small. */
  readonly ghash?: GhashKind;
  /** The kernel's driver. Default: ecb(aes), that is its own choice. */
  readonly driver?: string;
}

/** AES-256-GCM by the kernel's AES (6.10+): bpf/test/aes_gcm_test.bpf.c. */
export class AesGcmCrypto extends AeadCrypto {
  readonly #ghash: GhashKind;
  readonly #driver: string;

  constructor({ ghash = 'small', driver = 'ecb(aes)' }: AesGcmOptions = {}) {
    const spec = openObject<AeadObject>(new URL('aes_gcm_test.bpf.o', BUILD));
    spec.variable('ghash_kind').set(GHASH_KINDS[ghash]);
    super(spec, 'usages');
    this.#ghash = ghash;
    this.#driver = driver;
  }

  /** 32 bytes. A new key was never used. */
  setKey(key: Uint8Array): void {
    setUpCipher(this.object.programs.test_setup!, offsetsOf(this.object.spec.btf, 'aes_gcm_setup'), {
      driver: this.#driver,
      key,
    });
    const tables = ghashTables(key, this.#ghash);
    bytesOf(this.object.maps[GHASH_TABLES[this.#ghash]]!.view()).set(tables);
    tables.fill(0);
    this.usage = { sealed: 0n, refused: 0n };
  }
}

/** Runs a program that calls aes_gcm_make(). at: of struct aes_gcm_setup. What comes back is without the key. */
export function setUpCipher(
  program: SyscallProgram,
  at: Record<string, number>,
  { driver, key, index = 0 }: { driver: string; key: Uint8Array; index?: number },
): Uint8Array {
  const setup = new Uint8Array(at.key! + KEY_BYTES);
  const view = new DataView(setup.buffer);
  view.setUint32(at.index!, index, true);
  setup.set(Buffer.from(driver), at.driver);
  setup.set(key, at.key);
  const { returnValue, context } = program.testRun({ context: setup });
  setup.fill(0);
  const error = new DataView(context.buffer, context.byteOffset).getInt32(at.error!, true);
  if (returnValue !== 0) throw new RangeError(`aes-gcm: no cipher ${driver}: error ${error}`);
  return context;
}
