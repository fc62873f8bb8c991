/* What user space computes for the cryptography of bpf/lib: tables of points, keys in the form that programs take. */

export { GHASH_BYTES, GHASH_KINDS, type GhashKind, ghashTables } from './crypto/ghash.js';
export { jwkOf } from './crypto/jwk.js';
export { P256_DEFAULT_WIDTHS, P256_WIDTHS, P256Layout, type P256Widths } from './crypto/p256-layout.js';
export { type P256KeyForms, type P256PublicKey, p256PublicKey } from './crypto/p256-public-key.js';
export { p256GeneratorTable, p256Table } from './crypto/p256-tables.js';
export { sha256State } from './crypto/sha256-state.js';
