import { formatAddress } from '@cryptbpf/core/gate-client';
import {
  LogCause,
  type LogExec,
  type LogExit,
  type LogPrefix,
  type LogProcess,
  LogType,
  logBpfCodec,
  logConnectionCodec,
  logCredentialsCodec,
  logExecCodec,
  logExitCodec,
  logModuleCodec,
  logPrefixCodec,
  logProcessCodec,
} from './records.gen.js';

/** Events that found no way into the log, by cause. */
export interface Losses {
  /** The ring was full. */
  ring: number;
  /** More programs interrupted one another than there are streams. */
  nested: number;
  /** The CPU had no key. */
  key: number;
  /** Children that a filter by tree had no room for. */
  tree: number;
}

/** A process as it was at the event. */
export interface ProcessInfo {
  pid: number;
  ppid: number;
  uid: number;
  gid: number;
  euid: number;
  egid: number;
  /** The user who logged in; undefined: none, or a kernel without auditing. */
  loginuid: number | undefined;
  session: number | undefined;
  comm: string;
  cgroup: bigint;
  /** Nanoseconds of the boot clock. */
  startedNs: bigint;
}

export interface Endpoint {
  address: string;
  port: number;
}

/** Of users and groups. */
export interface Ids {
  uid: number;
  gid: number;
  euid: number;
  egid: number;
  suid: number;
  sgid: number;
}

/** Sets of capabilities: bit n is the one of number n. */
export interface CapabilityChange {
  permitted: bigint;
  effective: bigint;
  permittedBefore: bigint;
  effectiveBefore: bigint;
}

/** A program of BPF, by the kernel's numbers: enum bpf_prog_type, enum bpf_attach_type. */
export interface BpfProgramInfo {
  id: number;
  type: number;
  attach: number;
  instructions: number;
  /** Hexadecimal, as bpftool shows it. */
  tag: string;
  name: string;
}

/** What was sealed. */
export type Content =
  | { type: 'open'; statement: Record<string, unknown> }
  | { type: 'note'; statement: Record<string, unknown> }
  | { type: 'beat'; statement?: Record<string, unknown> }
  | { type: 'close'; statement?: Record<string, unknown> }
  | { type: 'exec'; process: ProcessInfo; path: string; argv: string[]; argvCut: boolean }
  | { type: 'exit'; process: ProcessInfo; code: number; signal: number; durationNs: bigint }
  /** TCP. The local port of a connection that is asked for is 0, unless the process chose one. */
  | { type: 'connect' | 'accept'; process: ProcessInfo; network: number; local: Endpoint; remote: Endpoint }
  /** process has the ids as they were. */
  | { type: 'credentials'; process: ProcessInfo; to: Ids; capabilities: CapabilityChange }
  | { type: 'module'; process: ProcessInfo; name: string; taints: bigint }
  | { type: 'bpf'; process: ProcessInfo; program: BpfProgramInfo }
  /** Of a program that is not ours, or of a newer version: its number, and its bytes as they are. */
  | { type: 'other'; number: number; bytes: Uint8Array };

export interface Opened {
  timeNs: bigint;
  lost: Losses;
  content: Content;
}

const NO_ID = 0xffff_ffff;
const decoder = new TextDecoder();

/** undefined: it is shorter than it says, or is none of ours. */
export function decodeRecord(text: Buffer): Opened | undefined {
  try {
    return decode(text);
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function decode(text: Buffer): Opened | undefined {
  const view = new DataView(text.buffer, text.byteOffset, text.byteLength);
  const prefix = logPrefixCodec.decode(view, 0);
  const end = logPrefixCodec.size + prefix.length;
  const payload = text.subarray(logPrefixCodec.size, end);
  const content = payload.length === prefix.length ? contentOf(prefix, payload) : undefined;
  return content && { timeNs: prefix.timeNs, lost: lossesOf(prefix), content };
}

function lossesOf({ lost }: LogPrefix): Losses {
  return {
    ring: Number(lost[LogCause.LOG_LOST_RING]),
    nested: Number(lost[LogCause.LOG_LOST_NESTED]),
    key: Number(lost[LogCause.LOG_LOST_KEY]),
    tree: Number(lost[LogCause.LOG_LOST_TREE]),
  };
}

function contentOf({ type }: LogPrefix, payload: Buffer): Content {
  switch (type) {
    case LogType.LOG_OPEN:
      return { type: 'open', statement: JSON.parse(payload.toString()) };
    case LogType.LOG_NOTE:
      return { type: 'note', statement: JSON.parse(payload.toString()) };
    case LogType.LOG_BEAT:
      return mark('beat', payload);
    case LogType.LOG_CLOSE:
      return mark('close', payload);
    case LogType.LOG_EXEC:
      return event(payload, execOf);
    case LogType.LOG_EXIT:
      return event(payload, exitOf);
    case LogType.LOG_CONNECT:
      return event(payload, (process, view) => connectionOf('connect', process, view));
    case LogType.LOG_ACCEPT:
      return event(payload, (process, view) => connectionOf('accept', process, view));
    case LogType.LOG_CREDENTIALS:
      return event(payload, credentialsOf);
    case LogType.LOG_MODULE:
      return event(payload, moduleOf);
    case LogType.LOG_BPF:
      return event(payload, bpfOf);
    default:
      return { type: 'other', number: type, bytes: payload };
  }
}

function mark(type: 'beat' | 'close', payload: Buffer): Content {
  return payload.length > 0 ? { type, statement: JSON.parse(payload.toString()) } : { type };
}

function event(
  payload: Buffer,
  decode: (process: ProcessInfo, view: DataView, rest: Buffer) => Content,
): Content {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const process = processOf(logProcessCodec.decode(view, 0));
  return decode(process, view, payload.subarray(logProcessCodec.size));
}

function processOf(raw: LogProcess): ProcessInfo {
  const { pid, ppid, uid, gid, euid, egid, cgroup, startedNs } = raw;
  const loginuid = raw.loginuid === NO_ID ? undefined : raw.loginuid;
  const session = raw.session === NO_ID ? undefined : raw.session;
  return { pid, ppid, uid, gid, euid, egid, loginuid, session, comm: textOf(raw.comm), cgroup, startedNs };
}

function execOf(process: ProcessInfo, view: DataView, rest: Buffer): Content {
  const exec: LogExec = logExecCodec.decode(view, logProcessCodec.size);
  const strings = rest.subarray(logExecCodec.size);
  const argv = strings.subarray(exec.pathLength, exec.pathLength + exec.argvLength);
  return {
    type: 'exec',
    process,
    path: textOf(strings.subarray(0, exec.pathLength)),
    argv: splitStrings(argv),
    argvCut: exec.argvLength < exec.argvWhole,
  };
}

function exitOf(process: ProcessInfo, view: DataView): Content {
  const { code, signal, durationNs }: LogExit = logExitCodec.decode(view, logProcessCodec.size);
  return { type: 'exit', process, code, signal, durationNs };
}

function connectionOf(type: 'connect' | 'accept', process: ProcessInfo, view: DataView): Content {
  const { network, ...raw } = logConnectionCodec.decode(view, logProcessCodec.size);
  const local = { address: formatAddress(raw.local), port: raw.localPort };
  const remote = { address: formatAddress(raw.remote), port: raw.remotePort };
  return { type, process, network, local, remote };
}

function credentialsOf(process: ProcessInfo, view: DataView): Content {
  const { permitted, effective, permittedBefore, effectiveBefore, ...to } = logCredentialsCodec.decode(
    view,
    logProcessCodec.size,
  );
  const capabilities = { permitted, effective, permittedBefore, effectiveBefore };
  return { type: 'credentials', process, to, capabilities };
}

function moduleOf(process: ProcessInfo, view: DataView): Content {
  const { name, taints } = logModuleCodec.decode(view, logProcessCodec.size);
  return { type: 'module', process, name: textOf(name), taints };
}

function bpfOf(process: ProcessInfo, view: DataView): Content {
  const { tag, name, ...numbers } = logBpfCodec.decode(view, logProcessCodec.size);
  const program = { ...numbers, tag: Buffer.from(tag).toString('hex'), name: textOf(name) };
  return { type: 'bpf', process, program };
}

/** Up to the first zero. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Strings with a zero after each; the last may have been cut. */
function splitStrings(bytes: Uint8Array): string[] {
  const parts = decoder.decode(bytes).split('\0');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}
