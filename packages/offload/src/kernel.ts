import { BpfError, bootTimeNs, type Store, tokenRate } from '@cryptbpf/core';
import { p256GeneratorTable } from '@cryptbpf/core/crypto';
import { clientKeys } from './client/keys.js';
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

/** Counters of clients are microseconds of their clocks: none from before this service counts. */
const nowCounter = (): bigint => BigInt(Date.now()) * 1000n;

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

  /** BPF is no route any more. */
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

  /** Exactly these clients. What a client asked already stays known while it keeps its place. */
  writeClients(specs: readonly OffloadClientSpec[]): Map<number, Uint8Array> {
    const { clients } = this.maps;
    const places = new Map([...clients].map(([id, { place }]) => [id, place]));
    const wanted = new Set(specs.map(({ id }) => id));
    for (const id of [...places.keys()].filter((known) => !wanted.has(known))) {
      clients.delete(id);
      places.delete(id);
    }
    const replies = new Map<number, Uint8Array>();
    for (const { id, secret, rate = CLIENT_RATE } of specs) {
      const keys = clientKeys(secret);
      const place = places.get(id) ?? this.#newPlace(places);
      places.set(id, place);
      clients.set(id, {
        request: words(keys.request),
        reply: words(keys.reply),
        rate: tokenRate(rate),
        place,
      });
      keys.request.fill(0);
      replies.set(id, keys.reply);
    }
    return replies;
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

  /** What a request took that waited behind so many. Moves the estimate, and how slow its route is. */
  learn(requestClass: number, route: EngineRoute, depth: number, latencyNs: number): void {
    const { estimates } = this.maps;
    const cell = cellOf(requestClass, route.index, depth);
    const seenNs = Math.min(0xffff_ffff, Math.round(latencyNs));
    const { slowness, estimate } = learnRoute(route.slowness, depth, seenNs, this.estimate(cell));
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

  /** The first one that is free, as of a client that has asked for nothing since now. */
  #newPlace(places: ReadonlyMap<number, number>): number {
    const { client_states } = this.maps;
    const taken = new Set(places.values());
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
      `there is room for ${client_states.maxEntries} clients: see maxClients`,
    );
  }
}

function words(key: Uint8Array): { k0: bigint; k1: bigint } {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return { k0: view.getBigUint64(0, true), k1: view.getBigUint64(8, true) };
}
