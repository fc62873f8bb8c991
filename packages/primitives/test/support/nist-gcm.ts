import type { AeadCase } from './aead.js';
import { hex } from './aead.js';

/* McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: what NIST's validation began with. */

const KEY = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
const NONCE = hex('cafebabefacedbaddecaf888');
const TEXT = hex(`
  d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
  1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b391aafd255`);
const SEALED = hex(`
  522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
  8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662898015ad`);
const ZEROS = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: new Uint8Array() };

export const NIST_GCM: readonly (AeadCase & { readonly name: string; readonly sealed: Uint8Array })[] = [
  {
    name: 'test case 13',
    ...ZEROS,
    text: new Uint8Array(),
    sealed: hex('530f8afbc74536b9a963b4f1c4cb738b'),
  },
  {
    name: 'test case 14',
    ...ZEROS,
    text: new Uint8Array(16),
    sealed: hex('cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919'),
  },
  {
    name: 'test case 15',
    key: KEY,
    nonce: NONCE,
    aad: new Uint8Array(),
    text: TEXT,
    sealed: Buffer.concat([SEALED, hex('b094dac5d93471bdec1a502270e3cc6c')]),
  },
  {
    name: 'test case 16',
    key: KEY,
    nonce: NONCE,
    aad: hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
    text: TEXT.subarray(0, 60),
    sealed: Buffer.concat([SEALED.subarray(0, 60), hex('76fc6ece0f4e1768cddf8853bb2d551b')]),
  },
];
