import { formatAddress, fromAddress } from './address.js';
import { type GateAdmission, type GateEvent, Reason, type Stat } from './gate.gen.js';
import type { GateVerdict } from './messages.js';

/* What the gate tells, in the words of its users. */

/** Names of enum reason: see docs/protocols.md. */
export type ReasonName = keyof typeof Reason;

/** Summed over CPUs. */
export interface ReasonCount {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Something that the gate told of. */
export interface GateEventRecord {
  readonly type: 'admitted' | 'limited' | 'rejected';
  readonly reason: ReasonName;
  readonly source: string;
  /** That it was sent to. */
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | number;
  /** On the boot clock, in nanoseconds. */
  readonly timeNs: bigint;
  /** Seconds, when admitted. */
  readonly lifetime: number;
  readonly difficulty: number;
  /** What it is about, where a feature says so: a key id of signed packets. Else 0. */
  readonly subject: number;
}

/** A source that may reach the protected ports. */
export interface AdmittedSource {
  /** An address, or a prefix as "2001:db8::/64". */
  readonly source: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly origin: 'proof' | 'established' | 'operator';
  readonly difficulty: number;
}

/** What the gate says of a proof. */
export interface Admission {
  readonly admitted: boolean;
  /** DROP_REPLY_LIMITED also where the gate gave no answer for another reason: a source that is denied, a stale clock. */
  readonly reason: ReasonName;
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds after which a new proof is due. */
  readonly renewAfter: number;
}

const ORIGINS = ['proof', 'established', 'operator'] as const;
const PROTOCOLS: Record<number, 'tcp' | 'udp'> = { 6: 'tcp', 17: 'udp' };
const REASON_NAMES = new Map(
  Object.entries(Reason).map(([name, value]) => [value as number, name as ReasonName]),
);
const LIMITED: readonly number[] = [
  Reason.DROP_RATE_LIMITED,
  Reason.DROP_SYN_LIMITED,
  Reason.DROP_REPLY_LIMITED,
  Reason.DROP_PREFIX_LIMITED,
];

export function reasonName(reason: number): ReasonName {
  return REASON_NAMES.get(reason) ?? 'REASON_NONE';
}

/** All reasons, each with what countOf finds for its number. */
export function countReasons(countOf: (reason: number) => readonly Stat[]): Record<ReasonName, ReasonCount> {
  const counts = [...REASON_NAMES].map(([reason, name]) => {
    const perCpu = countOf(reason);
    const sum = (field: keyof Stat) => perCpu.reduce((all, stat) => all + stat[field], 0n);
    return [name, { packets: sum('packets'), bytes: sum('bytes') }];
  });
  return Object.fromEntries(counts);
}

export function toAdmitted(source: string, admission: GateAdmission, nowNs: bigint): AdmittedSource {
  return {
    source,
    expiresIn: Number(admission.expiresNs - nowNs) / 1e9,
    origin: ORIGINS[admission.origin],
    difficulty: admission.difficulty,
  };
}

/** undefined: the gate did not answer: refusals are answered only within a rate, and not all of them. */
export function toAdmission(verdict: GateVerdict | undefined): Admission {
  if (!verdict) return { admitted: false, reason: 'DROP_REPLY_LIMITED', lifetime: 0, renewAfter: 0 };
  const { status, lifetime, renewAfter } = verdict;
  const admitted = status === 0;
  return { admitted, reason: admitted ? 'ANSWER_ADMITTED' : reasonName(status), lifetime, renewAfter };
}

export async function* toRecords(events: AsyncIterable<GateEvent>): AsyncGenerator<GateEventRecord> {
  for await (const event of events) yield toRecord(event);
}

function toRecord(event: GateEvent): GateEventRecord {
  return {
    type: typeOf(event.reason),
    reason: reasonName(event.reason),
    source: formatAddress(fromAddress(event.source)),
    port: event.port,
    protocol: PROTOCOLS[event.protocol] ?? event.protocol,
    timeNs: event.timeNs,
    lifetime: event.lifetimeS,
    difficulty: event.difficulty,
    subject: event.subject,
  };
}

function typeOf(reason: number): GateEventRecord['type'] {
  if (reason === Reason.ANSWER_ADMITTED) return 'admitted';
  return LIMITED.includes(reason) ? 'limited' : 'rejected';
}
