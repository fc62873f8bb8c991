import { openObject } from '@cryptbpf/core';
import { AeadCrypto, type AeadObject, BUILD, bytesOf } from './aead.js';

/** AES-256-GCM in BPF alone: bpf/test/aes_soft_test.bpf.c. */
export class SoftAesGcm extends AeadCrypto {
  constructor() {
    super(openObject<AeadObject>(new URL('aes_soft_test.bpf.o', BUILD)), 'keys');
  }

  /** 32 bytes, expanded by the program. A new key was never used. */
  setKey(key: Uint8Array): void {
    bytesOf(this.object.maps.secrets!.view()).set(key);
    this.prepare('raw_tp');
  }
}
