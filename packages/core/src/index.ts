export type { Btf, BtfType } from './btf.js';
export { bytesCodec, type Codec, codecFor, put, take } from './codec.js';
export { BpfError, type BpfErrorCode } from './errors.js';
export type { MapType, ProgramType } from './kinds.js';
export {
  type AnyObject,
  type MapCodecs,
  type MapSpec,
  type ObjectShape,
  ObjectSpec,
  type OpenOptions,
  openObject,
  type ProgramSpec,
  type VariableSpec,
} from './spec.js';
