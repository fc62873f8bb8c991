import {
  type Attachment,
  BpfError,
  bootTimeNs,
  ChainSlot,
  countReasons,
  type EventsOptions,
  Installation,
  interfacesOf,
  type Part,
  pinDirectory,
  type ReasonCount,
  type ReasonName,
  randomSiphashKey,
  requireKernel,
  Store,
  whileInstalling,
} from '@cryptbpf/core';
import { CasLayout, CasLists, type CasObject, openCas } from './cas.gen.js';
import { parseLists, writeLists } from './lists.js';
import {
  type ContentSettings,
  type ContentVerifierOptions,
  maxIdsOf,
  type Settings,
  settingsOf,
  toConfig,
  toPorts,
  withChanges,
} from './options.js';
import { type ContentEvent, toRecords } from './records.js';

const FEATURE = 'cas';
const PARTS: readonly Part[] = [
  { program: 'cas_ingress', hook: { kind: 'xdp', slot: ChainSlot.CHAIN_CAS } },
  { program: 'cas_egress', hook: { kind: 'tc', direction: 'egress' } },
];
const MINIMUM_KERNEL = '6.1';
const WATCH_INTERVAL_MS = 200;

/**
 * Content-addressed packets on one or more interfaces: what comes to the ports, and what leaves for the egress ports, is
 * hashed by the kernel, each packet, and dropped unless it is what its id says. Minimum kernel 6.1. Needs root, or
 * CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
 *
 * ```ts
 * const verifier = await ContentVerifier.attach({ interface: 'eth0', ports: [4430], allow: [cid] });
 * console.log(verifier.stats().PASS_CHUNK, verifier.stats().DROP_CHUNK);
 * ```
 */
export class ContentVerifier implements AsyncDisposable {
  readonly #options: ContentVerifierOptions;
  readonly #store: Store<CasObject>;
  readonly #installation: Installation;
  #settings: Settings;
  #updating: Promise<void> = Promise.resolve();
  #watchTimer: NodeJS.Timeout | undefined;
  #confirmTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: ContentVerifierOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
    const spec = openCas(new URL('./cas.bpf.o', import.meta.url));
    for (const name of ['ids_even', 'ids_odd'] as const) spec.map(name).maxEntries = maxIdsOf(options);
    this.#store = new Store(spec, options.pin === false ? undefined : pinDirectory(FEATURE, options));
    this.#installation = new Installation(FEATURE, PARTS, options, this.#store);
  }

  /**
   * Brings the verifier up, or takes over the one that an earlier controller left, whose lists count until this resolves;
   * a new one lets nothing through until then. Throws ERR_NOT_SUPPORTED,
   * ERR_BAD_OPTION, ERR_NO_INTERFACE, ERR_BUSY, ERR_MAP_FULL, ERR_PERMISSION, ERR_NO_BPFFS, ERR_INCOMPATIBLE,
   * VerifierError, CasError for a bad id; and leaves nothing behind that was not there before.
   */
  static async attach(options: ContentVerifierOptions): Promise<ContentVerifier> {
    requireKernel(MINIMUM_KERNEL, 'the verifier of content');
    const settings = settingsOf(options);
    const lists = parseLists(settings);
    interfacesOf(options);
    const verifier = whileInstalling(options, () => ContentVerifier.#install(options, settings));
    try {
      await writeLists(verifier.#store, lists);
      return verifier;
    } catch (error) {
      whileInstalling(options, () => verifier.#undo());
      throw error;
    }
  }

  static #install(options: ContentVerifierOptions, settings: Settings): ContentVerifier {
    const verifier = new ContentVerifier(options, settings);
    try {
      verifier.#bringUp();
      return verifier;
    } catch (error) {
      verifier.#undo();
      throw error;
    }
  }

  /** Names of the interfaces, and how each of the two programs is attached there. */
  get attachments(): { interface: string; kind: Attachment['kind'] }[] {
    return this.#installation.attachments;
  }

  /** Packets and bytes that came in, by reason, summed over CPUs, since the verifier's maps were made. */
  stats(): Record<ReasonName, ReasonCount> {
    const { stats } = this.#open().maps;
    return countReasons((reason) => stats.at(reason));
  }

  /** The same of those that were to leave. */
  egressStats(): Record<ReasonName, ReasonCount> {
    const { egress_stats } = this.#open().maps;
    return countReasons((reason) => egress_stats.at(reason));
  }

  /** Drops as they happen, up to eventRate. See stats().EVENT_LOST. */
  events(options: EventsOptions = {}): AsyncGenerator<ContentEvent> {
    return toRecords(this.#open().maps.events.events(options));
  }

  /**
   * Changes settings while packets flow; those that are not named stay. Lists are replaced as a whole, from one packet to
   * the next. Resolves when all of it counts; what fails changes nothing. Updates are made one after the other.
   */
  update(changes: ContentSettings): Promise<void> {
    const done = this.#updating.then(() => this.#update(changes));
    this.#updating = done.catch(() => {});
    return done;
  }

  /** The operator is still there: confirmWithin is over. */
  confirm(): void {
    clearTimeout(this.#confirmTimer);
    this.#confirmTimer = undefined;
    this.#open();
    this.#configure(this.#settings, 0n);
  }

  /** Lets a verifier that was attached with `pin: false` outlive this process. Throws ERR_EXISTS, ERR_NO_BPFFS. */
  pin(): void {
    this.#open();
    this.#installation.keep();
  }

  /** Takes it down: off its interfaces, and its memory with it. */
  detach(): void {
    this.#open();
    this.#installation.takeDown();
    this.close();
  }

  /** Lets go: a pinned verifier stays up without a controller, another one goes. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimers();
    this.#installation.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #bringUp(): void {
    const { variables } = this.#store;
    if (!this.#store.isNew) this.#store.requireLayout(variables.cas_layout, CasLayout.CAS_LAYOUT);
    if (this.#store.isNew) this.#beBorn();
    this.#configure(this.#settings, this.#confirmBy());
    this.#store.pin();
    this.#installation.attach();
    this.#watchTimer = setInterval(() => this.#guard(() => this.#installation.watch()), WATCH_INTERVAL_MS);
    this.#watchTimer.unref();
  }

  /** Until the lists are there, none is allowed. */
  #beBorn(): void {
    const { variables } = this.#store;
    variables.cas_layout = CasLayout.CAS_LAYOUT;
    variables.cas_bucket_key = randomSiphashKey();
    variables.cas_lists = Uint8Array.of(CasLists.CAS_HAS_ALLOW, CasLists.CAS_HAS_ALLOW);
  }

  #undo(): void {
    this.#isClosed = true;
    this.#stopTimers();
    this.#installation.undo();
  }

  #stopTimers(): void {
    clearInterval(this.#watchTimer);
    clearTimeout(this.#confirmTimer);
  }

  async #update(changes: ContentSettings): Promise<void> {
    const store = this.#open();
    const settings = withChanges(this.#settings, changes);
    const hasLists = changes.allow !== undefined || changes.deny !== undefined;
    if (hasLists) await writeLists(store, parseLists(settings));
    this.#configure(settings, store.variables.cas_configs[store.variables.cas_active]!.confirmByNs);
    this.#settings = settings;
  }

  /** Ports change first: what is protected now is judged by the old settings for a moment, not by none. */
  #configure(settings: Settings, confirmByNs: bigint): void {
    const { variables } = this.#store;
    const next = variables.cas_active ^ 1;
    const configs = variables.cas_configs.slice();
    configs[next] = toConfig(settings, confirmByNs);
    variables.cas_ports = toPorts(settings);
    variables.cas_configs = configs;
    variables.cas_active = next;
  }

  #confirmBy(): bigint {
    const { confirmWithin } = this.#options;
    if (confirmWithin === undefined) return 0n;
    this.#confirmTimer = setTimeout(() => this.#guard(() => this.detach()), confirmWithin * 1000);
    this.#confirmTimer.unref();
    return bootTimeNs() + BigInt(Math.round(confirmWithin * 1e9));
  }

  #guard(task: () => void): void {
    if (this.#isClosed) return;
    try {
      task();
    } catch (error) {
      const { onError = (problem: Error) => process.emitWarning(problem) } = this.#options;
      onError(error as Error);
    }
  }

  #open(): Store<CasObject> {
    if (this.#isClosed) throw new BpfError('ERR_CLOSED', 'the verifier of content is closed');
    return this.#store;
  }
}
