import { LogType } from './records.gen.js';

/** What can be recorded. */
export type EventName = 'exec' | 'exit' | 'connect' | 'accept' | 'credentials' | 'module' | 'bpf';

export const EVENT_TYPES: Record<EventName, LogType> = {
  exec: LogType.LOG_EXEC,
  exit: LogType.LOG_EXIT,
  connect: LogType.LOG_CONNECT,
  accept: LogType.LOG_ACCEPT,
  credentials: LogType.LOG_CREDENTIALS,
  module: LogType.LOG_MODULE,
  bpf: LogType.LOG_BPF,
};

/** Those that few of a busy host's processes cause. */
export const DEFAULT_EVENTS: readonly EventName[] = ['exec', 'exit'];

export function isEvent(name: string): name is EventName {
  return Object.hasOwn(EVENT_TYPES, name);
}
