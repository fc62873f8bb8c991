import { openObject } from '@cryptbpf/core';
import { AeadCrypto, type AeadObject, BUILD, bytesOf, offsetsOf } from './aead.js';

/** ChaCha20-Poly1305 in the kernel: bpf/test/chacha_test.bpf.c. */
export class ChaChaCrypto extends AeadCrypto {
  constructor() {
    super(openObject<AeadObject>(new URL('chacha_test.bpf.o', BUILD)), 'keys');
  }

  /** 32 bytes. A new key was never used. */
  setKey(key: Uint8Array): void {
    const { key: at } = offsetsOf(this.object.spec.btf, 'chacha20poly1305_key');
    bytesOf(this.object.maps.keys!.view()).set(key, at!);
    this.usage = { sealed: 0n, refused: 0n };
  }
}
