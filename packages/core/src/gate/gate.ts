import { BpfError } from '../errors.js';
import { bootTimeNs } from '../ffi/libc.js';
import { requireKernel } from '../kernel.js';
import type { BpfObject } from '../object.js';
import type { EventsOptions } from '../ring.js';
import {
  addressBytes,
  formatAddress,
  fromAddress,
  isMapped,
  maskAddress,
  maskBytes,
  toAddress,
} from './address.js';
import type { Attachment } from './attachment.js';
import { furthest, notBeforeAfter, readClock, wallMs } from './clock.js';
import { establishedPeers } from './established.js';
import type { GateFeature } from './feature.js';
import { buildFrame, payloadOf } from './frame.js';
import { type GateClock, type GateConfig, GateLayout, GateOrigin, type GateSecret } from './gate.gen.js';
import { type GateShape, type GateSizes, GateStore } from './gate-store.js';
import {
  Installation,
  type InstallOptions,
  interfacesOf,
  pinDirectory,
  whileInstalling,
} from './installation.js';
import { checkRoom, type Lists, parseLists, writeLists } from './lists.js';
import { challengeOf, helloMessage, proofMessage, verdictOf } from './messages.js';
import { numberSet } from './number-set.js';
import {
  type GateSettings,
  nanoseconds,
  type ResolvedSettings,
  resolveSettings,
  toConfig,
} from './options.js';
import {
  type Admission,
  type AdmittedSource,
  countReasons,
  type GateEventRecord,
  type ReasonCount,
  type ReasonName,
  toAdmission,
  toAdmitted,
  toRecords,
} from './records.js';
import { randomSiphashKey, rotateSecrets, type SharedSecret, wipe } from './secrets.js';

export interface GateOptions extends InstallOptions, GateSettings, GateSizes {
  /** Shared by a fleet. Default: random, and kept by the gate. */
  secret?: SharedSecret;
  /** Seconds after which the gate opens and is detached, unless confirm() was called: nobody locks himself out. */
  confirmWithin?: number;
  /** Seconds for which peers that are connected already when the gate comes up are admitted. Default 0. */
  grace?: number;
  /** Told of what goes wrong in the background. Default: a process warning. */
  onError?: (error: Error) => void;
}

/** The oldest whose verifier has been seen to take the objects. */
const MINIMUM_KERNEL = '6.1';
const CLOCK_INTERVAL_MS = 10_000;
const WATCH_INTERVAL_MS = 200;
/**
 * The controller of a gate: everything but the proof. The exchange itself runs in the kernel, with or without
 * a controller; what this one does is to set it up, to keep its wall clock, and to show what it does.
 */
export class Gate implements AsyncDisposable {
  readonly #feature: GateFeature;
  readonly #options: GateOptions;
  #store!: GateStore;
  #installation!: Installation;
  readonly #timers: NodeJS.Timeout[] = [];
  #settings: ResolvedSettings;
  /** The clock that was furthest ahead of those that challenges were judged by. */
  #furthest: GateClock | undefined;
  #confirmTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * Brings the gate up, or takes over the one that an earlier controller left. Throws ERR_NOT_SUPPORTED, ERR_BAD_OPTION,
   * ERR_BAD_ADDRESS, ERR_NO_INTERFACE, ERR_BUSY, ERR_PERMISSION, ERR_NO_BPFFS, ERR_INCOMPATIBLE, VerifierError;
   * and leaves nothing behind that was not there before.
   */
  constructor(feature: GateFeature, options: GateOptions) {
    requireKernel(MINIMUM_KERNEL, `the ${feature.name} gate`);
    const { settings, lists } = resolve(options);
    this.#feature = feature;
    this.#options = options;
    this.#settings = settings;
    whileInstalling(options, () => this.#bringUp(lists));
    this.#timers.push(setInterval(() => this.#guard(() => this.#refreshClock()), CLOCK_INTERVAL_MS));
    this.#timers.push(setInterval(() => this.#guard(() => this.#installation.watch()), WATCH_INTERVAL_MS));
    for (const timer of this.#timers) timer.unref();
  }

  /** For features that have maps and variables of their own. Throws ERR_CLOSED. */
  protected get object(): BpfObject<GateShape> {
    return this.#open().object;
  }

  /** Names of the interfaces, and how the gate is attached there. */
  get attachments(): { interface: string; kind: Attachment['kind'] }[] {
    return this.#installation.attachments;
  }

  /** Packets and bytes by reason, summed over CPUs, since the gate's maps were made. */
  stats(): Record<ReasonName, ReasonCount> {
    const { stats } = this.#open().maps;
    return countReasons((reason) => stats.at(reason));
  }

  /** What happens, as it happens: all admissions, and drops up to eventRate. See stats().EVENT_LOST. */
  events(options: EventsOptions = {}): AsyncGenerator<GateEventRecord> {
    return toRecords(this.#open().maps.events.events(options));
  }

  /** Who is admitted. */
  admitted(): AdmittedSource[] {
    const now = bootTimeNs();
    return this.#open()
      .maps.admitted.getBatch()
      .filter(([, { expiresNs }]) => expiresNs > now)
      .map(([source, admission]) => toAdmitted(this.#formatSource(fromAddress(source)), admission, now));
  }

  /** Ends the admission of the source that address belongs to. False: it was not admitted. It may prove anew. */
  revoke(address: string): boolean {
    return this.#open().maps.admitted.delete(toAddress(this.#prefixOf(addressBytes(address))));
  }

  /**
   * A challenge for a peer at address, 32 bytes, to be carried to it by other means than UDP. Throws ERR_REFUSED
   * when the gate gives none: that source is denied or asks too often, or the clock is stale.
   */
  challengeFor(address: string): Uint8Array {
    const answer = this.#exchange(addressBytes(address), helloMessage(this.#feature.magic));
    if (answer) return challengeOf(answer);
    throw new BpfError('ERR_REFUSED', `the gate gives no challenge to ${address}: see stats()`);
  }

  /** Hands in the proof that came back, as the peer itself would: checked, and admitted once, by the gate. */
  admitProof(address: string, challenge: Uint8Array, proof: Uint8Array): Admission {
    const message = proofMessage(this.#feature.magic, challenge, proof);
    const answer = this.#exchange(addressBytes(address), message);
    return toAdmission(answer && verdictOf(answer));
  }

  /** Changes settings while packets flow; those that are not named stay. Bad ones change nothing. */
  update(changes: Partial<GateSettings>): void {
    this.#open();
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    const settings = resolveSettings({ ...this.#settings, ...Object.fromEntries(given) });
    const lists = parseLists(settings.allow, settings.deny);
    checkRoom(this.#store.maps, lists);
    this.#configure(settings, lists, (secrets) => secrets);
    this.#settings = settings;
  }

  /** Makes secret, or a random one, the current secret, and the current one the previous, which still counts. */
  rotate(secret?: SharedSecret): void {
    this.#open();
    const { allow, deny } = this.#settings;
    this.#configure(this.#settings, parseLists(allow, deny), (secrets) => rotateSecrets(secrets, secret));
  }

  /** The operator is still there: confirmWithin is over. */
  confirm(): void {
    clearTimeout(this.#confirmTimer);
    this.#confirmTimer = undefined;
    const config = this.#open().readConfig();
    this.#store.writeConfig({ ...config, confirmByNs: 0n });
    wipe(config);
  }

  /**
   * Lets a gate that was attached with `pin: false` outlive this process, from one packet to the next. Throws
   * ERR_EXISTS when there is a gate of that name, ERR_NO_BPFFS; does nothing for a gate that is pinned.
   */
  pin(): void {
    this.#open();
    this.#installation.keep();
  }

  /** Takes the gate down: off its interfaces, and its memory with it. */
  detach(): void {
    this.#open();
    this.#installation.takeDown();
    this.close();
  }

  /** Lets go: a pinned gate stays up without a controller, another one goes. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#confirmTimer);
    this.#installation.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /* ---- coming up ---- */

  #bringUp(lists: Lists): void {
    const directory =
      this.#options.pin === false ? undefined : pinDirectory(this.#feature.name, this.#options);
    this.#store = new GateStore(this.#feature.open(), this.#options, directory);
    this.#installation = new Installation(this.#feature.name, [this.#feature], this.#options, this.#store);
    try {
      this.#setUp(lists);
    } catch (error) {
      clearTimeout(this.#confirmTimer);
      this.#installation.undo();
      throw error;
    }
  }

  #setUp(lists: Lists): void {
    interfacesOf(this.#options);
    checkRoom(this.#store.maps, lists);
    if (this.#store.isNew) this.#beBorn();
    this.#refreshClock();
    this.#configure(this.#settings, lists, (secrets) => this.#initialSecrets(secrets), this.#confirmBy());
    this.#store.pin();
    this.#admitEstablished();
    this.#installation.attach();
  }

  #beBorn(): void {
    const clock = readClock();
    this.#store.variables.gate_birth = {
      layout: GateLayout.GATE_LAYOUT,
      startedNs: clock.wallUpdatedNs,
      notBeforeMs: wallMs(clock, clock.wallUpdatedNs),
    };
    this.#store.variables.gate_clock = clock;
  }

  #initialSecrets(secrets: GateSecret[]): GateSecret[] {
    const { secret } = this.#options;
    return secret || secrets[0]?.generation === 0 ? rotateSecrets(secrets, secret) : secrets;
  }

  #confirmBy(): bigint {
    const { confirmWithin } = this.#options;
    if (confirmWithin === undefined) return 0n;
    this.#confirmTimer = setTimeout(() => this.#guard(() => this.detach()), confirmWithin * 1000);
    return bootTimeNs() + nanoseconds(confirmWithin);
  }

  #admitEstablished(): void {
    const { grace = 0 } = this.#options;
    if (grace === 0) return;
    const now = bootTimeNs();
    const ports = this.#settings.ports.map((entry) => (typeof entry === 'number' ? entry : entry.port));
    for (const peer of establishedPeers(new Set(ports))) {
      const admission = {
        expiresNs: now + nanoseconds(grace),
        admittedNs: now,
        packetBucket: now,
        synBucket: now,
        origin: GateOrigin.ORIGIN_ESTABLISHED,
        difficulty: 0,
      };
      const source = toAddress(this.#prefixOf(peer));
      const known = this.#store.maps.admitted.get(source);
      if (!known || known.expiresNs <= now) this.#store.maps.admitted.set(source, admission);
    }
  }

  /* ---- configuration ---- */

  #configure(
    settings: ResolvedSettings,
    lists: Lists,
    next: (secrets: GateSecret[]) => GateSecret[],
    confirmByNs?: bigint,
  ): void {
    const old = this.#store.readConfig();
    const isFirst = old.secrets[0]!.generation === 0;
    const config = toConfig(settings, {
      secrets: next(old.secrets),
      bucketKey: isFirst ? randomSiphashKey() : old.bucketKey,
      spentCapacity: this.#store.maps.spent_order.maxEntries,
      confirmByNs: confirmByNs ?? old.confirmByNs,
    });
    writeLists(this.#store, lists);
    this.#writePorts(settings);
    if (!isFirst) this.#refuseEarlier(old, config);
    this.#store.writeConfig(config);
    if (!isFirst) this.#forgetOtherPrefixes(old, config);
    wipe(old);
    wipe(config);
  }

  /** What is spent is remembered for as long as it was good then: if it is to be good for longer now, it must not count. */
  #refuseEarlier(old: GateConfig, config: GateConfig): void {
    const memory = ({ challengeMs, skewMs }: GateConfig) => challengeMs + 2n * skewMs;
    if (memory(config) <= memory(old)) return;
    this.#refuseBefore(wallMs(this.#store.variables.gate_clock, bootTimeNs()) + old.skewMs);
  }

  #refuseBefore(notBeforeMs: bigint): void {
    const birth = this.#store.variables.gate_birth;
    if (notBeforeMs > birth.notBeforeMs) this.#store.variables.gate_birth = { ...birth, notBeforeMs };
  }

  /** An admission under another prefix length would be looked for in vain, or be taken for that of many more. */
  #forgetOtherPrefixes(old: GateConfig, config: GateConfig): void {
    const isSame = (['maskIpv4', 'maskIpv6'] as const).every(
      (mask) => old[mask].high === config[mask].high && old[mask].low === config[mask].low,
    );
    const { admitted } = this.#store.maps;
    if (!isSame) admitted.deleteBatch(admitted.getBatch().map(([source]) => source));
  }

  #writePorts({ ports }: ResolvedSettings): void {
    const of = (protocol: 'tcp' | 'udp') =>
      ports.flatMap((entry) => {
        if (typeof entry === 'number') return [entry];
        return (entry.protocol ?? protocol) === protocol ? [entry.port] : [];
      });
    this.#store.variables.gate_ports = { tcp: numberSet(of('tcp')), udp: numberSet(of('udp')) };
  }

  #refreshClock(): void {
    const now = readClock();
    const old = furthest(this.#furthest ?? now, this.#store.variables.gate_clock);
    const notBeforeMs = notBeforeAfter(old, now, BigInt(Math.round(this.#settings.clockSkew * 1000)));
    if (notBeforeMs !== undefined) this.#refuseBefore(notBeforeMs);
    this.#store.variables.gate_clock = now;
    this.#furthest = notBeforeMs === undefined ? furthest(old, now) : now;
    if (notBeforeMs !== undefined) this.#tell(setBack(notBeforeMs, wallMs(now, now.wallUpdatedNs)));
  }

  /* ---- in the background ---- */

  #guard(task: () => void): void {
    if (this.#closed) return;
    try {
      task();
    } catch (error) {
      this.#tell(error as Error);
    }
  }

  #tell(error: Error): void {
    const { onError = (problem: Error) => process.emitWarning(problem) } = this.#options;
    onError(error);
  }

  /* ---- helpers ---- */

  #open(): GateStore {
    if (this.#closed) throw new BpfError('ERR_CLOSED', `the ${this.#feature.name} gate is closed`);
    return this.#store;
  }

  /** Runs the program that is attached on a message from source. undefined: no answer. */
  #exchange(source: Uint8Array, message: Uint8Array): Uint8Array | undefined {
    const program = this.#open().program(this.#feature.program);
    const frame = buildFrame(source, this.#settings.controlPort, message);
    const { returnValue, data } = program.testRun({ data: frame });
    const answers = this.#feature.hook.kind === 'xdp' ? XDP_TX : TC_ACT_REDIRECT;
    return returnValue === answers ? payloadOf(data, source) : undefined;
  }

  #prefixOf(address: Uint8Array): Uint8Array {
    const { ipv4, ipv6 } = this.#settings.sourcePrefix;
    return maskAddress(address, maskBytes(isMapped(address) ? 96 + ipv4 : ipv6));
  }

  #formatSource(prefix: Uint8Array): string {
    const { ipv4, ipv6 } = this.#settings.sourcePrefix;
    const [length, whole] = isMapped(prefix) ? [ipv4, 32] : [ipv6, 128];
    return formatAddress(prefix) + (length === whole ? '' : `/${length}`);
  }
}

const XDP_TX = 3;
const TC_ACT_REDIRECT = 7;

function setBack(notBeforeMs: bigint, nowMs: bigint): BpfError {
  const message =
    `the wall clock was set back by ${notBeforeMs - nowMs} ms: challenges are refused until it is past where it was; ` +
    'detach the gate and attach it anew to admit before that';
  return new BpfError('ERR_REFUSED', message);
}

function resolve(options: GateOptions): { settings: ResolvedSettings; lists: Lists } {
  const {
    interface: _interface,
    name: _name,
    mode: _mode,
    secret: _secret,
    pin: _pin,
    pinPath: _pinPath,
    confirmWithin,
    grace,
    onError: _onError,
    maxAdmissions: _maxAdmissions,
    maxSpent: _maxSpent,
    maxListEntries: _maxListEntries,
    ...rest
  } = options;
  for (const [name, value] of Object.entries({ confirmWithin, grace })) {
    if (value === undefined || (typeof value === 'number' && value >= 0 && value <= 86_400)) continue;
    throw new BpfError('ERR_BAD_OPTION', `option ${name} is ${value}, expected seconds from 0 to 86400`);
  }
  if (options.interface.length === 0) throw new BpfError('ERR_BAD_OPTION', 'option interface is empty');
  const settings = resolveSettings(rest);
  return { settings, lists: parseLists(settings.allow, settings.deny) };
}
