import {
  type Attachment,
  BpfError,
  ChainSlot,
  countReasons,
  type EventsOptions,
  Installation,
  interfacesOf,
  type Part,
  pinDirectory,
  type ReasonCount,
  type ReasonName,
  requireKernel,
  Store,
  whileInstalling,
} from '@cryptbpf/core';
import { P256Layout } from '@cryptbpf/core/crypto';
import { Answers } from './answers.js';
import { BpfRoute } from './bpf-route.js';
import type { AeadOptions, Answer } from './client/client.js';
import { OffloadError } from './client/errors.js';
import {
  hmacQuestion,
  isValid,
  openQuestion,
  type Question,
  sealQuestion,
  sha256Question,
  verifyQuestion,
} from './client/operations.js';
import { OPERATIONS, type Operation, ROUTES, type Route } from './client/wire.js';
import { Dispatcher, type DispatcherCounts } from './dispatcher.js';
import { WorkerPool } from './engines/pool.js';
import { entriesFor, OffloadKernel } from './kernel.js';
import { engineKey } from './keys.js';
import { OffloadLayout, type OffloadObject, openOffload } from './offload.gen.js';
import {
  type OffloadClientSpec,
  type OffloadOptions,
  type OffloadSettings,
  type Settings,
  settingsOf,
  toConfig,
  withChanges,
} from './options.js';
import type { EngineKeys, Job } from './perform.js';
import { CELL_COUNT, LOAD_COUNT, ROUTE_COUNT, SIZE_COUNT } from './policy.js';
import { BpfProbe } from './probe.js';
import { type DecisionRecord, toRecords } from './records.js';
import { EngineRoute } from './routes.js';
import { Sessions } from './sessions.js';

const FEATURE = 'offload';
const PARTS: readonly Part[] = [{ program: 'offload', hook: { kind: 'xdp', slot: ChainSlot.CHAIN_OFFLOAD } }];
const MINIMUM_KERNEL = '6.1';
const MAX_CLIENTS = 64;
const TICK_MS = 20;
const WATCH_MS = 200;
const GENERATOR = new P256Layout(0);

/** How a route does. */
export interface RouteStats {
  /** Of the engine; undefined for BPF. */
  readonly engine: string | undefined;
  readonly isSimulated: boolean;
  /** Taken out, and not well again yet. */
  readonly isOut: boolean;
  /** How often it was taken out. */
  readonly outages: number;
  /** Packets that wait for it. */
  readonly depth: number;
  /** Milliseconds of CPUs that its requests took, as far as the engine tells; undefined for BPF, see estimates(). */
  readonly cpuMs: number | undefined;
}

/** What is expected of a route. */
export interface RouteEstimate {
  readonly operation: Operation;
  /** 0: up to 64 bytes, then 256, 512, 1024, 4096, 16384, 65536, more. */
  readonly size: number;
  readonly route: Route;
  /** 0: nothing in its queue, then from 1, 2, 4, 8, 16, 32, 64 on. */
  readonly load: number;
  readonly latencyNs: number;
  /** Of that, a CPU's work. */
  readonly costNs: number;
  readonly samples: number;
}

export interface OffloadStats {
  readonly reasons: Record<ReasonName, ReasonCount>;
  readonly userspace: DispatcherCounts;
  /** Answers that could not be sent. */
  readonly unsent: number;
  /** Encrypted sessions that are open. */
  readonly sessions: number;
  readonly routes: Record<Route, RouteStats | undefined>;
}

/**
 * A service of cryptographic operations on one or more interfaces. Requests of known clients are done in XDP, by worker
 * threads or by hardware: where such requests were fastest. Minimum kernel 6.1. Needs root, or CAP_BPF, CAP_NET_ADMIN
 * and CAP_PERFMON.
 *
 * ```ts
 * const service = await OffloadManager.attach({
 *   interface: 'eth0',
 *   ports: [22310],
 *   clients: [{ id: 7, secret }],
 *   keys: { 1: { use: 'aead', secret: aesKey } },
 * });
 * for await (const decision of service.decisions()) console.log(JSON.stringify(decision));
 * ```
 */
export class OffloadManager implements AsyncDisposable {
  readonly #options: OffloadOptions;
  readonly #store: Store<OffloadObject>;
  readonly #installation: Installation;
  readonly #kernel: OffloadKernel;
  readonly #answers: Answers;
  readonly #sessions: Sessions;
  readonly #pool: WorkerPool;
  readonly #routes: readonly (EngineRoute | undefined)[];
  readonly #dispatcher: Dispatcher;
  #bpf: BpfRoute | undefined;
  #probe: BpfProbe | undefined;
  #settings: Settings;
  #engineKeys: EngineKeys;
  #timers: NodeJS.Timeout[] = [];
  #reading: Disposable | undefined;
  #isClosed = false;

  private constructor(options: OffloadOptions, settings: Settings, keys: EngineKeys) {
    this.#options = options;
    this.#settings = settings;
    this.#engineKeys = keys;
    const spec = openOffload(new URL('./offload.bpf.o', import.meta.url));
    spec.map('p256_entries').maxEntries = GENERATOR.entries;
    for (const name of ['clients', 'client_states'] as const)
      spec.map(name).maxEntries = entriesFor(options.maxClients ?? MAX_CLIENTS);
    this.#store = new Store(spec, options.pin === false ? undefined : pinDirectory(FEATURE, options));
    this.#installation = new Installation(FEATURE, PARTS, options, this.#store);
    this.#kernel = new OffloadKernel(this.#store);
    this.#answers = new Answers((error) => this.#tell(error));
    this.#sessions = new Sessions(this.#kernel, this.#answers);
    this.#pool = new WorkerPool(options.workers);
    const { hardware } = options;
    const engines = [undefined, this.#pool, hardware];
    this.#routes = engines.map((engine, index) => engine && this.#route(index, engine));
    this.#dispatcher = new Dispatcher(
      this.#kernel,
      this.#answers,
      this.#routes,
      (record) => this.#sessions.open(record),
      (question) => this.#distrustBpf(question),
    );
  }

  /**
   * Brings the service up, or takes over the one that an earlier controller left. Throws ERR_NOT_SUPPORTED,
   * ERR_BAD_OPTION, ERR_BAD_VALUE, ERR_NO_INTERFACE, ERR_BUSY, ERR_MAP_FULL, ERR_PERMISSION, ERR_NO_BPFFS,
   * ERR_INCOMPATIBLE, VerifierError; and leaves nothing behind that was not there before.
   */
  static async attach(options: OffloadOptions): Promise<OffloadManager> {
    requireKernel(MINIMUM_KERNEL, 'the service of operations');
    const settings = settingsOf(options);
    const keys = engineKeys(settings);
    interfacesOf(options);
    const service = whileInstalling(options, () => OffloadManager.#install(options, settings, keys));
    try {
      await service.#kernel.writeGenerator();
      service.#begin();
      return service;
    } catch (error) {
      whileInstalling(options, () => service.#undo());
      throw error;
    }
  }

  static #install(options: OffloadOptions, settings: Settings, keys: EngineKeys): OffloadManager {
    const service = new OffloadManager(options, settings, keys);
    try {
      service.#bringUp();
      return service;
    } catch (error) {
      service.#undo();
      throw error;
    }
  }

  /** Names of the interfaces, and how the program is attached there. */
  get attachments(): { interface: string; kind: Attachment['kind'] }[] {
    return this.#installation.attachments;
  }

  stats(): OffloadStats {
    const { stats } = this.#open().maps;
    const { isOut, outages } = this.#bpf!;
    const bpf = { engine: undefined, isSimulated: false, isOut, outages, depth: 0, cpuMs: undefined };
    const states = this.#routes.map((route, index) => (index === 0 ? bpf : route && routeStats(route)));
    return {
      reasons: countReasons((reason) => stats.at(reason)),
      userspace: this.#dispatcher.counts,
      unsent: this.#answers.failed,
      sessions: this.#sessions.count,
      routes: Object.fromEntries(ROUTES.map((name, i) => [name, states[i]])) as OffloadStats['routes'],
    };
  }

  /** All estimates that were measured at least once. */
  estimates(): RouteEstimate[] {
    this.#open();
    const all = Array.from({ length: CELL_COUNT }, (_, cell) => ({ cell, ...this.#kernel.estimate(cell) }));
    return all
      .filter(({ samples }) => samples > 0)
      .map(({ cell, latencyNs, costNs, samples }) => {
        const requestClass = Math.floor(cell / LOAD_COUNT / ROUTE_COUNT);
        return {
          operation: OPERATIONS[Math.floor(requestClass / SIZE_COUNT)]!,
          size: requestClass % SIZE_COUNT,
          route: ROUTES[Math.floor(cell / LOAD_COUNT) % ROUTE_COUNT]!,
          load: cell % LOAD_COUNT,
          latencyNs,
          costNs,
          samples,
        };
      });
  }

  /** Decisions as they are made, up to logRate. See stats().reasons.EVENT_LOST. */
  decisions(options: EventsOptions = {}): AsyncGenerator<DecisionRecord> {
    return toRecords(this.#open().maps.decisions.events(options));
  }

  /** Changes settings while requests come; those that are not named stay, clients and keys are replaced as a whole, and with clients all sessions end. */
  update(changes: OffloadSettings): void {
    this.#open();
    const settings = withChanges(this.#settings, changes);
    const keys = changes.keys ? engineKeys(settings) : this.#engineKeys;
    if (changes.clients) this.#setClients(settings.clients);
    if (changes.keys) this.#setKeys(keys);
    this.#configure(settings);
    this.#answers.open(settings.ports);
    this.#kernel.openPorts(settings.ports);
  }

  /** SHA-256, for a caller in this process: by worker threads or hardware. Rejects with OffloadError. */
  async sha256(data: Uint8Array): Promise<Uint8Array> {
    return (await this.ask(sha256Question(data))).result;
  }

  /** HMAC-SHA-256. See sha256(). */
  async hmac(key: number, data: Uint8Array): Promise<Uint8Array> {
    return (await this.ask(hmacQuestion(key, data))).result;
  }

  /** AES-256-GCM: nonce, ciphertext and tag. See sha256(). */
  async seal(key: number, text: Uint8Array, { aad }: Pick<AeadOptions, 'aad'> = {}): Promise<Uint8Array> {
    return (await this.ask(sealQuestion(key, text, aad))).result;
  }

  /** What seal() sealed, here or by a client. See sha256(). */
  async open(key: number, sealed: Uint8Array, { aad }: Pick<AeadOptions, 'aad'> = {}): Promise<Uint8Array> {
    return (await this.ask(openQuestion(key, sealed, aad))).result;
  }

  /** Whether the signature, r and s, is that of the key. See sha256(). */
  async verify(key: number, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return isValid((await this.ask(verifyQuestion(key, message, signature))).result);
  }

  /** Any of them, with the route that it was done by. */
  ask(question: Question): Promise<Answer> {
    if (this.#isClosed)
      return Promise.reject(new OffloadError('ERR_OFFLOAD_CLOSED', 'the service is closed'));
    const { depthMax, exploreInterval, costWeight } = toConfig(this.#settings, this.#hasHardware);
    return this.#dispatcher.ask(question, { exploreInterval, costWeight }, depthMax);
  }

  /** Ends a thread of the user-space route, as a crash would: for drills. What it had is done elsewhere. */
  async killWorker(): Promise<void> {
    this.#open();
    await this.#pool.kill();
  }

  /** Lets a service that was attached with `pin: false` outlive this process, as far as BPF does it. */
  pin(): void {
    this.#open();
    this.#installation.keep();
  }

  /** Takes it down: off its interfaces, and its memory with it. */
  async detach(): Promise<void> {
    this.#open();
    this.#installation.takeDown();
    await this.close();
  }

  /** Lets go: of a pinned service, BPF's part stays up without a controller; keys stay in the kernel. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#kernel.stopBeating();
    this.#stop();
    this.#installation.close();
    await this.#pool.close();
    await this.#options.hardware?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #hasHardware(): boolean {
    return this.#options.hardware !== undefined && this.#settings.hwAvailable;
  }

  #bringUp(): void {
    const { variables } = this.#store;
    const { programs } = this.#store.object;
    if (this.#store.isNew) this.#kernel.beBorn();
    else this.#store.requireLayout(variables.offload_layout, OffloadLayout.OFFLOAD_LAYOUT);
    this.#answers.open(this.#settings.ports);
    this.#setClients(this.#settings.clients);
    this.#probe = new BpfProbe(this.#kernel, programs.offload, () => this.#settings.ports[0]!);
    this.#bpf = new BpfRoute(this.#kernel, this.#probe);
    this.#setKeys(this.#engineKeys);
    this.#configure(this.#settings);
    this.#store.pin();
    this.#installation.attach();
  }

  /** Once everything is there that answers need: until then, new ports are nobody's. */
  #begin(): void {
    const { requests } = this.#store.maps;
    requests.drain(() => {});
    this.#reading = requests.on((bytes) => this.#guard(() => this.#dispatcher.take(bytes)));
    this.#kernel.beat();
    for (const route of [this.#bpf, ...this.#routes]) route?.begin();
    this.#kernel.openPorts(this.#settings.ports);
    this.#every(TICK_MS, () => {
      this.#kernel.beat();
      this.#dispatcher.watch();
      this.#sessions.watch();
    });
    this.#every(WATCH_MS, () => this.#installation.watch());
  }

  #every(milliseconds: number, task: () => void): void {
    const timer = setInterval(() => this.#guard(task), milliseconds);
    timer.unref();
    this.#timers.push(timer);
  }

  #route(index: number, engine: NonNullable<OffloadOptions['hardware']>): EngineRoute {
    return new EngineRoute(index, engine, this.#store.maps, this.#settings.stallMs, (problem, cause) => {
      this.#tell(new Error(`route ${ROUTES[index]} is out (${problem}): ${cause.message}`, { cause }));
    });
  }

  /** Sessions end with it. */
  #setClients(clients: readonly OffloadClientSpec[]): void {
    this.#answers.setClients(this.#kernel.writeClients(clients));
    this.#sessions.setClients(clients);
  }

  #setKeys(keys: EngineKeys): void {
    this.#engineKeys = keys;
    this.#bpf?.setKeys(keys);
    this.#dispatcher.setKeys(keys, this.#kernel.writeKeys(keys));
  }

  #configure(settings: Settings): void {
    this.#settings = settings;
    this.#sessions.configure(settings.sessionSeconds);
    this.#kernel.configure(settings, this.#hasHardware);
    this.#dispatcher.configure(settings.checkEvery, this.#hasHardware);
  }

  #distrustBpf(question: Job): void {
    if (this.#bpf!.isOut) return;
    this.#bpf!.takeOut(question);
    this.#tell(new Error('route bpf is out (wrong): a result differs from that of OpenSSL'));
  }

  #undo(): void {
    this.#isClosed = true;
    this.#stop();
    this.#installation.undo();
    void this.#pool.close();
  }

  #stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#reading?.[Symbol.dispose]();
    this.#bpf?.close();
    this.#probe?.close();
    this.#sessions.close();
    this.#dispatcher.close();
    this.#answers.close();
  }

  #guard(task: () => void): void {
    if (this.#isClosed) return;
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

  #open(): Store<OffloadObject> {
    if (this.#isClosed) throw new BpfError('ERR_CLOSED', 'the service of operations is closed');
    return this.#store;
  }
}

function engineKeys({ keys }: Settings): EngineKeys {
  return new Map(Object.entries(keys).map(([id, spec]) => [Number(id), engineKey(Number(id), spec)]));
}

function routeStats({ engine, isOut, outages, depth, cpuMs }: EngineRoute): RouteStats {
  return { engine: engine.name, isSimulated: engine.isSimulated, isOut, outages, depth, cpuMs };
}
