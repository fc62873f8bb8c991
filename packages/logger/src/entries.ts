import type { Content, Losses } from './record.js';

/** Where in which file, in bytes. */
export interface Location {
  file: string;
  offset: number;
}

/** A record whose seal holds. */
export interface RecordEntry extends Location {
  kind: 'record';
  epoch: number;
  /** 65535: the controller. */
  cpu: number;
  level: number;
  sequence: number;
  /** Of the boot clock. */
  timeNs: bigint;
  /** Unix time, by what the controller said of the clocks; undefined when that is missing. */
  unixNs: bigint | undefined;
  /** Events that were lost on this CPU since its record before, by the sealed counters. */
  lost: Losses | undefined;
  content: Content;
}

/**
 * What is wrong:
 *   damaged         bytes that are no frame, from offset on, count of them
 *   truncated       the file ends within a frame
 *   forged          the seal does not hold: changed, or never sealed by this log
 *   duplicate       a record that came before, or of an epoch that is over
 *   reordered       genuine, but after later ones of its stream
 *   missing         count records of a stream from sequence from on, before the record at offset
 *   unclosed        a stream whose end is missing, from sequence from on: cut, or the logger was killed
 *   after-close     genuine, but after its stream's last record: only who holds the current key can make it
 *   counter         a counter of losses went back: only who holds the current key can make it
 *   unreadable      the seal holds, but this version does not know what is in it
 *   unknown-epoch   a record of an epoch that does not begin in these files
 *   epoch-forged    the beginning of an epoch was changed, or is not sealed to this recipient
 *   epoch-missing   count epochs from epoch from on
 *   epoch-repeated  an epoch that came before
 *   epoch-link      not in the chain that the epochs before have begun: another log, or made up
 *   other-log       of another log than the one asked for, or than the first file
 *   checkpoint      a record of a checkpoint is missing, or is another one
 */
export type Problem =
  | 'damaged'
  | 'truncated'
  | 'forged'
  | 'duplicate'
  | 'reordered'
  | 'missing'
  | 'unclosed'
  | 'after-close'
  | 'counter'
  | 'unreadable'
  | 'unknown-epoch'
  | 'epoch-forged'
  | 'epoch-missing'
  | 'epoch-repeated'
  | 'epoch-link'
  | 'other-log'
  | 'checkpoint';

export interface Finding extends Location {
  kind: 'finding';
  problem: Problem;
  epoch?: number;
  cpu?: number;
  level?: number;
  sequence?: number;
  from?: number;
  count?: number;
}

export type LogEntry = RecordEntry | Finding;
