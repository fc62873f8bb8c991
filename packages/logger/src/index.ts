export type { Checkpoint } from './checkpoint.js';
export { LogError, type LogErrorCode } from './errors.js';
export type { EventName } from './events.js';
export { logFiles, type Repair } from './files.js';
export { generateRecipient, type KeyInput } from './keys.js';
export { AuditLogger, type LogAlarm, type LogStats } from './logger.js';
export type { AuditLoggerOptions, LogFilters } from './options.js';
export type { Losses } from './record.js';
