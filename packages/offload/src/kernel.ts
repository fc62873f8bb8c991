import { BpfError, bootTimeNs, type Rate, type Store, tokenRate } from '@cryptbpf/core';
import { p256GeneratorTable } from '@cryptbpf/core/crypto';
import { type ClientKeys, clientKeys } from './client/keys.js';
import { type OwnNonces, writeKey } from './keys.js';
import {
  type OffloadClientState,
  OffloadLayout,
  type OffloadObject,
  offloadClassCodec,
  offloadClientStateCodec,
  offloadEstimateCodec,
  offloadQueueCodec,
} from './offload.gen.js';
import { CLIENT_RATE, type OffloadClientSpec, pinsOf, portBits, type Settings, toConfig } from './options.js';
import type { EngineKeys } from './perform.js';
import {
  type ClassState,
  cellOf,
  type Estimate,
  learnRoute,
  NOT_SLOWER,
  priorTables,
  ROUTE_COUNT,
} from './policy.js';
import type { EngineRoute } from './routes.js';

/** The controller's own id, by which it probes the program. */
export const PROBE_CLIENT = 0xffff_ffff;

/** Counters of clients are microseconds of their clocks: none from before this service counts. */
export const nowCounter = (): bigint => BigInt(Date.now()) * 1000n;

/** The service's memory in the kernel, in the words of the controller. */
export class OffloadKernel {
  readonly #store: Store<OffloadObject>;

  constructor(store: Store<OffloadObject>) {
    this.#store = store;
  }

  get maps(): OffloadObject['maps'] {
    return this.#store.maps;
  }

  /** Once, when the maps are new. */
  beBorn(): void {
    const { classes, estimates } = this.maps;
    this.#store.variables.offload_layout = OffloadLayout.OFFLOAD_LAYOUT;
    for (let route = 0; route < ROUTE_COUNT; route++) this.#setOut(route, false);
    const prior = priorTables();
    prior.estimates.forEach((estimate, cell) => {
      offloadEstimateCodec.encode(estimates.view(), cell * estimates.stride, estimate);
    });
    prior.classes.forEach((state, requestClass) => {
      offloadClassCodec.encode(classes.view(), requestClass * classes.stride, state);
    });
  }

  /** Signatures cannot be checked without it. */
  async writeGenerator(): Promise<void> {
    const view = this.maps.p256_entries.view();
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(await p256GeneratorTable(8), 0);
  }

  configure(settings: Settings, hasHardware: boolean): void {
    const { variables } = this.#store;
    const next = variables.offload_active ^ 1;
    const configs = variables.offload_configs.slice();
    configs[next] = toConfig(settings, hasHardware);
    variables.offload_configs = configs;
    variables.offload_active = next;
    for (const [requestClass, pin] of pinsOf(settings, hasHardware).entries()) this.#pin(requestClass, pin);
  }

  /** From now on, what comes to these ports is a request. */
  openPorts(ports: readonly number[]): void {
    this.#store.variables.offload_ports = portBits(ports);
  }

  get isBpfOut(): boolean {
    return offloadQueueCodec.decode(this.maps.queues.view(), 0).isOut !== 0;
  }

  /** Whether BPF is no route any more. */
  setBpfOut(isOut: boolean): void {
    this.#setOut(0, isOut);
  }

  beat(): void {
    this.#store.variables.offload_heartbeat_ns = bootTimeNs();
  }

  /** Nothing more is given to this process. */
  stopBeating(): void {
    this.#store.variables.offload_heartbeat_ns = 0n;
  }

  /** Exactly these clients, and the controller. What a client asked already stays known while it keeps its place. */
  writeClients(specs: readonly OffloadClientSpec[]): Map<number, Uint8Array> {
    const { clients } = this.maps;
    const wanted = new Set([PROBE_CLIENT, ...specs.map(({ id }) => id)]);
    for (const [id] of clients.getBatch().filter(([id]) => !wanted.has(id))) clients.delete(id);
    const replies = new Map<number, Uint8Array>();
    for (const { id, secret, rate = CLIENT_RATE } of specs) {
      const keys = clientKeys(secret);
      this.#writeClient(id, keys, rate);
      keys.request.fill(0);
      replies.set(id, keys.reply);
    }
    return replies;
  }

  /** The controller as a client, with these keys. */
  writeProbeClient(keys: ClientKeys): void {
    this.#writeClient(PROBE_CLIENT, keys, CLIENT_RATE);
  }

  /** Exactly these keys. */
  writeKeys(keys: EngineKeys): Map<number, OwnNonces> {
    const { keys: map } = this.maps;
    map.deleteBatch(
      map
        .getBatch()
        .map(([id]) => id)
        .filter((id) => !keys.has(id)),
    );
    const kernel = { maps: this.maps, programs: this.#store.object.programs };
    return new Map([...keys].map(([id, key]) => [id, writeKey(kernel, id, key)]));
  }

  estimate(cell: number): Estimate {
    const { estimates } = this.maps;
    return offloadEstimateCodec.decode(estimates.view(), cell * estimates.stride);
  }

  state(requestClass: number): ClassState {
    const { classes } = this.maps;
    return offloadClassCodec.decode(classes.view(), requestClass * classes.stride);
  }

  /** What a request took that waited behind so many, and what of it was work. Moves the estimate, and how slow its route is. */
  learn(requestClass: number, route: EngineRoute, depth: number, latencyNs: number, costNs: number): void {
    const { estimates } = this.maps;
    const cell = cellOf(requestClass, route.index, depth);
    const [seenNs, workNs] = [latencyNs, costNs].map((ns) => Math.min(0xffff_ffff, Math.round(ns))) as [
      number,
      number,
    ];
    const { slowness, estimate } = learnRoute(route.slowness, depth, seenNs, workNs, this.estimate(cell));
    offloadEstimateCodec.encode(estimates.view(), cell * estimates.stride, estimate);
    route.slowness = slowness;
  }

  #setOut(route: number, isOut: boolean): void {
    const { queues } = this.maps;
    const queue = { done: 0, isOut: isOut ? 1 : 0, slowness: NOT_SLOWER };
    offloadQueueCodec.encode(queues.view(), route * queues.stride, queue);
  }

  #pin(requestClass: number, pin: number): void {
    const { classes } = this.maps;
    const state = this.state(requestClass);
    if (state.pin !== pin)
      offloadClassCodec.encode(classes.view(), requestClass * classes.stride, { ...state, pin });
  }

  #writeClient(id: number, { request, reply }: ClientKeys, rate: Rate): void {
    const { clients } = this.maps;
    const place = clients.get(id)?.place ?? this.#newPlace();
    const isProbe = id === PROBE_CLIENT ? 1 : 0;
    clients.set(id, {
      request: words(request),
      reply: words(reply),
      rate: tokenRate(rate),
      place,
      isProbe,
    });
  }

  /** The first one that is free, as of a client that has asked for nothing since now. */
  #newPlace(): number {
    const { clients, client_states } = this.maps;
    const taken = new Set(clients.getBatch().map(([, { place }]) => place));
    for (let place = 0; place < client_states.maxEntries; place++) {
      if (taken.has(place)) continue;
      const blank = offloadClientStateCodec.decode(
        new DataView(new ArrayBuffer(offloadClientStateCodec.size)),
        0,
      );
      const state: OffloadClientState = { bucket: 0n, window: { ...blank.window, largest: nowCounter() } };
      offloadClientStateCodec.encode(client_states.view(), place * client_states.stride, state);
      return place;
    }
    throw new BpfError(
      'ERR_MAP_FULL',
      `there is room for ${client_states.maxEntries - 1} clients: see maxClients`,
    );
  }
}

function words(key: Uint8Array): { k0: bigint; k1: bigint } {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return { k0: view.getBigUint64(0, true), k1: view.getBigUint64(8, true) };
}
