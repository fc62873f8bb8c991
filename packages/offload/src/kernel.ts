import { BpfError, bootTimeNs, type Rate, type Store, tokenRate } from '@cryptbpf/core';
import { p256GeneratorTable } from '@cryptbpf/core/crypto';
import { type ClientKeys, clientKeys } from './client/keys.js';
import { type OwnNonces, writeKey } from './keys.js';
import {
  OffloadClientKind as Kind,
  type OffloadClient,
  type OffloadClientState,
  OffloadLayout,
  type OffloadObject,
  offloadClassCodec,
  offloadClientCodec,
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

/** That it may have open. */
export const SESSIONS_PER_CLIENT = 4;

/** Entries that so many clients need: each and its sessions, and the controller. */
export function entriesFor(clients: number): number {
  return clients * (1 + SESSIONS_PER_CLIENT) + 1;
}

const clientsIn = (entries: number): number => Math.floor((entries - 1) / (1 + SESSIONS_PER_CLIENT));

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
    for (const { id, secret, rate = CLIENT_RATE, encrypted = false } of specs) {
      const keys = clientKeys(secret);
      const kind = encrypted ? Kind.OFFLOAD_CLIENT_SECRET : Kind.OFFLOAD_CLIENT_PLAIN;
      this.#writeClient(id, keys, rate, kind);
      keys.request.fill(0);
      replies.set(id, keys.reply);
    }
    return replies;
  }

  /** The controller as a client, with these keys. */
  writeProbeClient(keys: ClientKeys): void {
    this.#writeClient(PROBE_CLIENT, keys, CLIENT_RATE, Kind.OFFLOAD_CLIENT_PROBE);
  }

  hasClient(id: number): boolean {
    return this.maps.clients.get(id) !== undefined;
  }

  /** What comes by this id counts against the rate of its client. */
  writeSession(id: number, client: number, { request, reply }: ClientKeys, endsNs: bigint): void {
    const { clients } = this.maps;
    const { rate, place: budget } = clients.get(client)!;
    clients.set(id, {
      ...blankClient(),
      rate,
      endsNs,
      place: this.#newPlace(),
      budget,
      kind: Kind.OFFLOAD_CLIENT_SESSION,
      sealedRequest: sealing(request),
      sealedReply: sealing(reply),
    });
  }

  removeSession(id: number): void {
    this.maps.clients.delete(id);
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

  #writeClient(id: number, { request, reply }: ClientKeys, rate: Rate, kind: number): void {
    const { clients } = this.maps;
    const place = clients.get(id)?.place ?? this.#newPlace();
    clients.set(id, {
      ...blankClient(),
      request: words(request),
      reply: words(reply),
      rate: tokenRate(rate),
      place,
      budget: place,
      kind,
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
      `there is room for ${clientsIn(client_states.maxEntries)} clients: see maxClients`,
    );
  }
}

function blankClient(): OffloadClient {
  return offloadClientCodec.decode(new DataView(new ArrayBuffer(offloadClientCodec.size)), 0);
}

/** A key of ChaCha20-Poly1305 that has sealed nothing yet. */
function sealing(key: Uint8Array): OffloadClient['sealedRequest'] {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const w = Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i, true));
  return { usage: { sealed: 0n, refused: 0n }, key: { w } };
}

function words(key: Uint8Array): { k0: bigint; k1: bigint } {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return { k0: view.getBigUint64(0, true), k1: view.getBigUint64(8, true) };
}
