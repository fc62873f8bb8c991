/* What generated code imports, for this package's own objects: the index would import them in turn. */
export { type Codec, put, take } from './codec.js';
export type { ArrayMap } from './maps/array.js';
export type { HashMap, LpmTrie, LruHashMap, PerCpuArrayMap } from './maps/keyed.js';
export type { ProgArray } from './maps/references.js';
export type { TcProgram, XdpProgram } from './program.js';
export type { RingBuffer } from './ring.js';
export { type ObjectSpec, openObject } from './spec.js';
