/**
 * Cryptographic operations as a service: requests come in by UDP, and are done in XDP, by worker threads or by
 * hardware, where each kind was fastest.
 *
 * @packageDocumentation
 */
export {
  BpfError,
  type BpfErrorCode,
  type Rate,
  type ReasonCount,
  type ReasonName,
  VerifierError,
} from '@cryptbpf/core';
export type { Answer } from './client/client.js';
export { OffloadError, type OffloadErrorCode } from './client/errors.js';
export { OPERATIONS, type Operation, ROUTES, type Route } from './client/wire.js';
export { type DetectedHardware, detectHardware, type KernelCipher } from './detect.js';
export type { Engine } from './engines/engine.js';
export { CpuEngine } from './engines/openssl.js';
export { type SimulatedCard, SimulatedHardware } from './engines/simulator.js';
export type { OffloadKeySpec } from './keys.js';
export { OffloadManager, type OffloadStats, type RouteEstimate, type RouteStats } from './manager.js';
export type { OffloadClientSpec, OffloadOptions, OffloadSettings, Pin } from './options.js';
export type { EngineKey, EngineKeys, Job, Outcome } from './perform.js';
export type { DecisionRecord } from './records.js';
export { generateTrace, TRACE_KINDS } from './trace/generate.js';
export { plotLatency } from './trace/plot.js';
export { SIMULATED_POLICIES, type SimulatedPolicy, type Simulation, simulate } from './trace/simulate.js';
export {
  type CardEvent,
  formatTrace,
  parseTrace,
  type Trace,
  type TraceHead,
  type TraceRequest,
} from './trace/trace.js';
