import { createCipheriv } from 'node:crypto';
import { type BpfObject, openObject, type Program } from '@cryptbpf/core';
import { GHASH_KINDS, type GhashKind, ghashTables } from '@cryptbpf/core/crypto';
import { type AeadObject, BUILD, bytesOf, offsetsOf } from './aead.js';
import { GHASH_TABLES, setUpCipher } from './aes-gcm.js';

/* How long AEADs take in the kernel: bpf/test/aead_bench.bpf.c and aes_gcm_bench.bpf.c. */

const AAD = new Uint8Array(16);
const NONCE = new Uint8Array(12);
const XDP_PASS = 2;

/** One program, and the packet that it is for. */
interface Run {
  readonly program: Program;
  readonly packet: Uint8Array;
}

/**
 * Sealing and opening a text, loaded from a packet into map memory, by name: chacha, aes-gcm (and -large, -table-free for
 * the other kinds of GHASH), aes-gcm-soft, each with /seal-1400 and /open-1400, or what the text's length is; ecb-aes/1408
 * is the kernel's AES alone, of the same bytes in whole blocks. Those by the kernel's AES need 6.10+.
 */
export class AeadBench implements Disposable {
  readonly #objects: BpfObject<AeadObject>[] = [];
  readonly #runs = new Map<string, Run>();

  readonly #textBytes: number;

  private constructor(textBytes: number) {
    this.#textBytes = textBytes;
  }

  /** driver: of the kernel's AES. textBytes: from 64 on. */
  static prepare({ driver = 'ecb(aes)', textBytes = 1400 } = {}): AeadBench {
    const bench = new AeadBench(textBytes);
    const [key, text] = [crypto.getRandomValues(new Uint8Array(32)), new Uint8Array(textBytes)];
    crypto.getRandomValues(text);
    bench.#prepareSoft(key, text);
    for (const kind of ['small', 'large', 'table-free'] as const) bench.#prepareGcm(key, text, kind, driver);
    return bench;
  }

  get names(): string[] {
    return [...this.#runs.keys()];
  }

  /** Mean time of so many runs in ns, by the kernel's clock. */
  run(name: string, count: number): number {
    const found = this.#runs.get(name);
    if (!found) throw new RangeError(`aead-bench: no ${name}, there are ${this.names.join(', ')}`);
    const { returnValue, durationNs } = found.program.testRun({ data: found.packet, repeat: count });
    if (returnValue !== XDP_PASS) throw new Error(`aead-bench: ${name} returned ${returnValue}`);
    return durationNs;
  }

  #prepareSoft(key: Uint8Array, text: Uint8Array): void {
    const { maps, programs, spec } = this.#load('aead_bench');
    const { key: at } = offsetsOf(spec.btf, 'chacha20poly1305_key');
    bytesOf(maps.chacha_keys!.view()).set(key, at!);
    bytesOf(maps.secrets!.view()).set(key);
    programs.soft_prepare!.testRun({ data: text });
    const byChacha = seal('chacha20-poly1305', key, text);
    const byAes = seal('aes-256-gcm', key, text);
    this.#runs.set(`chacha/seal-${text.length}`, { program: programs.chacha_seal!, packet: text });
    this.#runs.set(`chacha/open-${text.length}`, { program: programs.chacha_open!, packet: byChacha });
    this.#runs.set(`aes-gcm-soft/seal-${text.length}`, { program: programs.soft_seal!, packet: text });
    this.#runs.set(`aes-gcm-soft/open-${text.length}`, { program: programs.soft_open!, packet: byAes });
  }

  #prepareGcm(key: Uint8Array, text: Uint8Array, kind: GhashKind, driver: string): void {
    const { maps, programs, spec } = this.#load('aes_gcm_bench', kind);
    const name = kind === 'small' ? 'aes-gcm' : `aes-gcm-${kind}`;
    setUpCipher(programs.setup!, offsetsOf(spec.btf, 'aes_gcm_setup'), { driver, key });
    bytesOf(maps[GHASH_TABLES[kind]]!.view()).set(ghashTables(key, kind));
    const sealed = seal('aes-256-gcm', key, text);
    this.#runs.set(`${name}/seal-${text.length}`, { program: programs.gcm_seal_text!, packet: text });
    this.#runs.set(`${name}/open-${text.length}`, { program: programs.gcm_open_text!, packet: sealed });
    const whole = Math.ceil(text.length / 16) * 16;
    this.#runs.set(`ecb-aes/${whole}`, { program: programs.ecb_text!, packet: text });
  }

  #load(file: string, kind?: GhashKind): BpfObject<AeadObject> {
    const spec = openObject<AeadObject>(new URL(`${file}.bpf.o`, BUILD));
    spec.variable('bench_text').set(BigInt(this.#textBytes));
    if (kind) spec.variable('ghash_kind').set(GHASH_KINDS[kind]);
    const object = spec.load();
    this.#objects.push(object);
    return object;
  }

  [Symbol.dispose](): void {
    for (const object of this.#objects) object.close();
  }
}

function seal(cipher: 'aes-256-gcm' | 'chacha20-poly1305', key: Uint8Array, text: Uint8Array): Uint8Array {
  const sealer = createCipheriv(cipher as 'aes-256-gcm', key, NONCE, { authTagLength: 16 });
  sealer.setAAD(AAD);
  return Buffer.concat([sealer.update(text), sealer.final(), sealer.getAuthTag()]);
}
