import type { OpenedRecord } from './ahead.js';
import { type Checkpoint, Witnessed } from './checkpoint.js';
import type { Finding, Location, LogEntry, Problem, RecordEntry } from './entries.js';
import { type Epoch, logIdOf, nextLink, readEpoch, streamChain } from './epoch.js';
import { decodeRecord, type Losses, type Opened } from './record.js';
import { LogFrame } from './records.gen.js';
import { StreamReader } from './stream-reader.js';
import { CONTROLLER, type Header, streamKey } from './wire.js';

/** An epoch that has begun and is not yet closed on all its streams. */
interface OpenEpoch {
  readonly epoch: Epoch;
  /** Its frame (latin1): what threads that open records ahead know it by. */
  readonly frame: string;
  readonly streams: Map<number, StreamReader>;
  readonly began: Location;
  /** Streams that have to close, by the controller's word. */
  expected: Set<number> | undefined;
  /** Whether the controller died, and another one went on with its streams. */
  interrupted: boolean;
  /** Of the programs that were attached; boot clock to Unix time, in nanoseconds. */
  instance: string;
  wallOffsetNs: bigint | undefined;
}

/** A record, and where it is. */
type Place = Pick<RecordEntry, 'epoch' | 'cpu' | 'level' | 'sequence' | 'file' | 'offset'>;

function finding(problem: Problem, place: Omit<Finding, 'kind' | 'problem'>): Finding {
  return { kind: 'finding', problem, ...place };
}

export interface VerifierOptions {
  scalar: Uint8Array;
  point: Uint8Array;
  /** The log that it has to be: hexadecimal. */
  logId?: string | undefined;
  checkpoints?: readonly Checkpoint[] | undefined;
}

/** What the whole log came to. */
export interface Totals {
  logId: string | undefined;
  firstEpoch: number | undefined;
  lastEpoch: number | undefined;
  /** Whether the last epoch was closed. */
  closed: boolean;
  records: number;
  events: number;
  findings: number;
  /** Proven by the sealed counters. */
  lost: Losses;
  /** What the kernel did not run our programs for, by program. */
  missed: Record<string, number>;
  /** Unix time of the newest record, in nanoseconds. */
  lastTimeNs: bigint | undefined;
}

const CAUSES = ['ring', 'nested', 'key', 'tree'] as const;
const NONE: Losses = { ring: 0, nested: 0, key: 0, tree: 0 };
const NOWHERE: Location = { file: '', offset: 0 };
const CONTROLLER_STREAM = streamKey(CONTROLLER, 0);

/**
 * Opens frames one after the other and keeps track of what must be there: epochs in an unbroken chain, in each the
 * sequences of its streams, in each stream a last record.
 */
export class Verifier {
  readonly totals: Totals = {
    logId: undefined,
    firstEpoch: undefined,
    lastEpoch: undefined,
    closed: false,
    records: 0,
    events: 0,
    findings: 0,
    lost: { ...NONE },
    missed: {},
    lastTimeNs: undefined,
  };
  readonly #options: VerifierOptions;
  readonly #witnessed: Witnessed;
  readonly #open = new Map<number, OpenEpoch>();
  /** Counters of losses, by instance and CPU. */
  readonly #lost = new Map<string, Map<number, Losses>>();
  readonly #missed = new Map<string, Record<string, number>>();
  #link: Buffer | undefined;
  #last: Location | undefined;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#witnessed = new Witnessed(options.checkpoints ?? []);
  }

  /** Whether a frame at this place could be one: for who looks for the next one after damage. */
  isGenuine(header: Header, frame: Buffer): boolean {
    if (header.frame === LogFrame.LOG_FRAME_EPOCH)
      return readEpoch(frame, header, this.#options) !== undefined;
    return this.#streamOf(header)?.find(header, frame) !== undefined;
  }

  /**
   * A whole frame, and what a thread that was ahead has made of it. Returns what it says and what is wrong about it, in
   * that order.
   */
  frame(header: Header, frame: Buffer, at: Location, ahead?: OpenedRecord): LogEntry[] {
    const entries =
      header.frame === LogFrame.LOG_FRAME_EPOCH
        ? this.#begin(header, frame, at)
        : this.#record(header, frame, at, ahead);
    for (const entry of entries) if (entry.kind === 'finding') this.totals.findings++;
    return entries;
  }

  /** At the end of the last file. */
  end(): Finding[] {
    const findings: Finding[] = [];
    const last = Math.max(...this.#open.keys());
    for (const [number, open] of [...this.#open].sort(([a], [b]) => a - b)) {
      findings.push(...missingIn(open));
      const unclosed = number === this.totals.lastEpoch && number === last ? [] : unclosedIn(open);
      findings.push(...unclosed);
    }
    for (const record of this.#witnessed.missing)
      findings.push(finding('checkpoint', { ...record, ...(this.#last ?? NOWHERE) }));
    this.totals.closed = this.totals.lastEpoch !== undefined && !this.#open.has(this.totals.lastEpoch);
    this.totals.findings += findings.length;
    return findings;
  }

  #begin(header: Header, frame: Buffer, at: Location): LogEntry[] {
    const epoch = readEpoch(frame, header, this.#options);
    if (!epoch) return [{ kind: 'finding', problem: 'epoch-forged', epoch: header.epoch, ...at }];
    const findings = this.#chain(epoch, at);
    if (findings.some(({ problem }) => problem === 'epoch-repeated')) return findings;
    this.#open.set(epoch.number, {
      epoch,
      frame: frame.toString('latin1'),
      streams: new Map(),
      began: at,
      expected: undefined,
      interrupted: false,
      instance: '',
      wallOffsetNs: undefined,
    });
    return findings;
  }

  /** Its place in the chain of epochs. */
  #chain(epoch: Epoch, at: Location): Finding[] {
    const { totals } = this;
    const id = epoch.logId.toString('hex');
    const problem = (name: Finding['problem'], more = {}): Finding[] => [
      { kind: 'finding', problem: name, epoch: epoch.number, ...more, ...at },
    ];
    if (totals.logId === undefined) {
      totals.logId = id;
      totals.firstEpoch = epoch.number;
      const findings =
        this.#options.logId === undefined || this.#options.logId === id ? [] : problem('other-log');
      if (epoch.number === 1 && !logIdOf(epoch.link).equals(epoch.logId))
        findings.push(...problem('epoch-link'));
      this.#advance(epoch);
      return findings;
    }
    if (id !== totals.logId) return [...problem('other-log'), ...problem('epoch-repeated')];
    if (epoch.number <= totals.lastEpoch!) return problem('epoch-repeated');
    const findings: Finding[] = [];
    const missing = epoch.number - totals.lastEpoch! - 1;
    let link = this.#link!;
    if (missing > 0)
      findings.push(...problem('epoch-missing', { from: totals.lastEpoch! + 1, count: missing }));
    for (let i = 0; i <= missing; i++) link = nextLink(link);
    if (!link.equals(epoch.link)) findings.push(...problem('epoch-link'));
    this.#advance(epoch);
    return findings;
  }

  #advance(epoch: Epoch): void {
    this.totals.lastEpoch = epoch.number;
    this.#link = Buffer.from(epoch.link);
  }

  #streamOf({ epoch: number, cpu, level }: Header): StreamReader | undefined {
    const open = this.#open.get(number);
    if (!open) return undefined;
    const key = streamKey(cpu, level);
    let stream = open.streams.get(key);
    if (!stream) {
      stream = new StreamReader(streamChain(open.epoch, cpu, level), open.epoch);
      open.streams.set(key, stream);
    }
    return stream;
  }

  #record(header: Header, frame: Buffer, at: Location, ahead: OpenedRecord | undefined): LogEntry[] {
    const { epoch, cpu, level, sequence } = header;
    this.#last = at;
    const place: Place = { epoch, cpu, level, sequence, file: at.file, offset: at.offset };
    const stream = this.#streamOf(header);
    if (!stream) return [finding(this.#isOver(epoch) ? 'duplicate' : 'unknown-epoch', place)];
    const isSameEpoch = ahead?.epochs.get(epoch) === this.#open.get(epoch)!.frame;
    const found = isSameEpoch ? stream.opened(header, ahead!.text) : stream.find(header, frame);
    if (!found) return [finding(stream.isKnown(sequence) ? 'duplicate' : 'forged', place)];
    const opened = decodeRecord(found.text);
    if (!opened) return [finding('unreadable', place)];
    const wasClosed = stream.closed;
    const isLate = stream.accept(found, at);
    if (opened.content.type === 'close') stream.closed = true;
    this.totals.records++;
    const findings: Finding[] = [];
    if (isLate) findings.push(finding('reordered', place));
    else if (wasClosed) findings.push(finding('after-close', place));
    else if (!this.#witnessed.see(header, frame)) findings.push(finding('checkpoint', place));
    return [this.#entry(opened, place, findings), ...findings];
  }

  #isOver(epoch: number): boolean {
    const { firstEpoch, lastEpoch } = this.totals;
    return firstEpoch !== undefined && epoch >= firstEpoch && epoch <= lastEpoch! && !this.#open.has(epoch);
  }

  #entry(opened: Opened, place: Place, findings: Finding[]): RecordEntry {
    const { epoch, cpu, level, sequence, file, offset } = place;
    const { content, timeNs } = opened;
    const open = this.#open.get(epoch)!;
    const isController = cpu === CONTROLLER;
    if (isController) this.#state(open, content, timeNs);
    else if (content.type !== 'beat' && content.type !== 'close') this.totals.events++;
    const lost = isController ? undefined : this.#account(open, opened.lost, place, findings);
    const unixNs = open.wallOffsetNs === undefined ? undefined : timeNs + open.wallOffsetNs;
    if (unixNs !== undefined && (this.totals.lastTimeNs ?? 0n) < unixNs) this.totals.lastTimeNs = unixNs;
    if (isController || content.type === 'close' || findings.length > 0) this.#closeIfComplete(epoch, open);
    return { kind: 'record', epoch, cpu, level, sequence, file, offset, timeNs, unixNs, lost, content };
  }

  /** What the controller says of an epoch. */
  #state(open: OpenEpoch, content: Opened['content'], timeNs: bigint): void {
    const said = ('statement' in content && content.statement) || {};
    if (typeof said.instance === 'string') open.instance = said.instance;
    if (typeof said.unixNs === 'string') open.wallOffsetNs = BigInt(said.unixNs) - timeNs;
    if (content.type === 'open' && said.resumes === true) this.#interrupt(open.epoch.number);
    if (said.missed) this.#miss(open.instance, said.missed as Record<string, number>);
    if (!Array.isArray(said.cpus)) return;
    open.expected ??= new Set([CONTROLLER_STREAM]);
    const levels = Number(said.levels ?? 1);
    for (const cpu of said.cpus as number[]) {
      for (let level = 0; level < levels; level++) open.expected.add(streamKey(cpu, level));
    }
  }

  /** What the controller of these epochs did not say any more, the one of this epoch says. */
  #interrupt(before: number): void {
    for (const [number, open] of this.#open) if (number < before) open.interrupted = true;
  }

  #miss(instance: string, missed: Record<string, number>): void {
    const before = this.#missed.get(instance) ?? {};
    for (const [program, count] of Object.entries(missed)) {
      const more = Math.max(0, count - (before[program] ?? 0));
      this.totals.missed[program] = (this.totals.missed[program] ?? 0) + more;
    }
    this.#missed.set(instance, { ...before, ...missed });
  }

  /**
   * Counters only go up, in each stream: records of two streams of a CPU can overtake one another. What was added since
   * the CPU's newest count was lost before this record.
   */
  #account(open: OpenEpoch, now: Losses, place: Place, findings: Finding[]): Losses | undefined {
    const counters = this.#countersOf(open.instance);
    const newest = counters.get(place.cpu) ?? NONE;
    const stream = open.streams.get(streamKey(place.cpu, place.level))!;
    const before = stream.lost ?? NONE;
    if (findings.length === 0) stream.lost = now;
    if (isSame(now, newest)) return undefined;
    const wentBack = CAUSES.some((cause) => now[cause] < before[cause]);
    if (wentBack && findings.length === 0) findings.push(finding('counter', place));
    const added: Losses = { ...NONE };
    for (const cause of CAUSES) added[cause] = Math.max(0, now[cause] - newest[cause]);
    if (CAUSES.every((cause) => added[cause] === 0)) return undefined;
    counters.set(place.cpu, sumOf(newest, added));
    this.totals.lost = sumOf(this.totals.lost, added);
    return added;
  }

  #countersOf(instance: string): Map<number, Losses> {
    const known = this.#lost.get(instance) ?? new Map<number, Losses>();
    this.#lost.set(instance, known);
    return known;
  }

  #closeIfComplete(number: number, open: OpenEpoch): void {
    if (!open.expected) return;
    for (const key of open.expected) {
      if (open.interrupted && key === CONTROLLER_STREAM) continue;
      const stream = open.streams.get(key);
      if (!stream?.closed || stream.gaps.length > 0) return;
    }
    this.#open.delete(number);
  }
}

function isSame(a: Losses, b: Losses): boolean {
  return a.ring === b.ring && a.nested === b.nested && a.key === b.key && a.tree === b.tree;
}

function sumOf(a: Losses, b: Losses): Losses {
  return { ring: a.ring + b.ring, nested: a.nested + b.nested, key: a.key + b.key, tree: a.tree + b.tree };
}

function missingIn({ epoch, streams }: OpenEpoch): Finding[] {
  return [...streams].flatMap(([key, stream]) =>
    stream.gaps.map(({ from, to, at }) => ({
      kind: 'finding' as const,
      problem: 'missing' as const,
      epoch: epoch.number,
      cpu: key >> 8,
      level: key & 0xff,
      from,
      count: to - from,
      ...at,
    })),
  );
}

/** Streams without a last record, in an epoch after which another one came. */
function unclosedIn({ epoch, streams, expected, interrupted, began }: OpenEpoch): Finding[] {
  const keys = expected ?? new Set([CONTROLLER_STREAM, ...streams.keys()]);
  return [...keys].flatMap((key) => {
    const stream = streams.get(key);
    if (stream?.closed || (interrupted && key === CONTROLLER_STREAM)) return [];
    const at = stream?.last ?? began;
    return [
      {
        kind: 'finding' as const,
        problem: 'unclosed' as const,
        epoch: epoch.number,
        cpu: key >> 8,
        level: key & 0xff,
        from: stream?.expected ?? 0,
        ...at,
      },
    ];
  });
}
