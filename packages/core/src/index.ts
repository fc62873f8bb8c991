export type { Btf, BtfType } from './btf.js';
export { type ChainOptions, DEFAULT_PIN_PATH, XdpChain } from './chain/chain.js';
export { ChainSlot } from './chain/dispatcher.gen.js';
export { bytesCodec, type Codec, codecFor, put, take } from './codec.js';
export { possibleCpus } from './cpus.js';
export { BpfError, type BpfErrorCode, VerifierError } from './errors.js';
export { type Availability, type Feature, type FeatureName, features } from './features.js';
export { libbpfVersion } from './ffi/libbpf.js';
export { bootTimeNs, tryLock } from './ffi/libc.js';
export { type Offload, setOffloads } from './ffi/offloads.js';
export {
  addressBytes,
  formatAddress,
  fromAddress,
  isMapped,
  maskAddress,
  maskBytes,
  toAddress,
} from './gate/address.js';
export type { Attachment, Part } from './gate/attachment.js';
export type { GateFeature } from './gate/feature.js';
export { Reason } from './gate/gate.gen.js';
export { Gate, type GateOptions } from './gate/gate.js';
export type { GateShape, GateSizes } from './gate/gate-store.js';
export {
  Installation,
  type InstallOptions,
  interfacesOf,
  pinDirectory,
  whileInstalling,
} from './gate/installation.js';
export { type GateSettings, type ProtectedPort, type Range, type Rate, tokenRate } from './gate/options.js';
export { admittedBy, eventsOf, revokeFrom } from './gate/pinned.js';
export type {
  Admission,
  AdmittedSource,
  GateEventRecord,
  ReasonCount,
  ReasonName,
} from './gate/records.js';
export { countReasons, reasonName } from './gate/records.js';
export { randomSiphashKey, type SharedSecret } from './gate/secrets.js';
export {
  findStanding,
  listStanding,
  type Standing,
  type StandingFeature,
  type StandingInterface,
  statsOf,
  takeDown,
} from './gate/standing.js';
export { Store } from './gate/store.js';
export { interfaceIndex, interfaceNames, networkNamespace } from './interface.js';
export { requireKernel } from './kernel.js';
export type { MapType, ProgramType } from './kinds.js';
export type { TcDirection, XdpMode } from './links/attach.js';
export type { CgroupHook } from './links/cgroup.js';
export { type Link, type LinkInfo, type LinkKind, openLink } from './links/link.js';
export type { KprobeOptions } from './links/perf-event.js';
export { ArrayMap } from './maps/array.js';
export { openMap } from './maps/create.js';
export type { UpdateMode } from './maps/elements.js';
export {
  HashMap,
  LpmTrie,
  LruHashMap,
  LruPerCpuHashMap,
  PerCpuArrayMap,
  PerCpuHashMap,
} from './maps/keyed.js';
export { BpfMap, type MapInfo } from './maps/map.js';
export { ArrayOfMaps, type Descriptor, HashOfMaps, ProgArray, XskMap } from './maps/references.js';
export { measureRuns } from './metrics/programs.js';
export type { MetricName, Sample } from './metrics/sample.js';
export { standingSamples } from './metrics/standing.js';
export { BpfObject, type LoadOptions } from './object.js';
export {
  CgroupProgram,
  KprobeProgram,
  Program,
  type ProgramInfo,
  RawTracepointProgram,
  SyscallProgram,
  TcProgram,
  TracepointProgram,
  TracingProgram,
  XdpProgram,
} from './program.js';
export { type EventsOptions, RingBuffer } from './ring.js';
export type { RecordCallback } from './ring-reader.js';
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
export type { SendFramesOptions, TestRunOptions, TestRunResult } from './test-run.js';
