/* Where an operation is done: the same as bpf/lib/offload_decide.h, for simulations and for requests of this process. */

export const ROUTE_COUNT = 3;
export const SIZE_BOUNDS = [64, 256, 512, 1024, 4096, 16_384, 65_536];
export const SIZE_COUNT = SIZE_BOUNDS.length + 1;
const LOAD_BOUNDS = [1, 2, 4, 8, 16, 32, 64];
export const LOAD_COUNT = LOAD_BOUNDS.length + 1;
export const OPERATION_COUNT = 5;
export const CLASS_COUNT = OPERATION_COUNT * SIZE_COUNT;
export const CELL_COUNT = CLASS_COUNT * ROUTE_COUNT * LOAD_COUNT;
const RARITY_MAX = 64;

/** Why a route was chosen: enum offload_why. FULL and OUT are shifted by the route. */
export const Why = {
  pinned: 1,
  explored: 2,
  switched: 4,
  stayed: 8,
  full: 16,
  out: 128,
  alone: 1024,
} as const;

export interface Estimate {
  latencyNs: number;
  costNs: number;
  samples: number;
}

export interface ClassState {
  decisions: number;
  current: number;
  /** A route and 1; 0: learned. */
  pin: number;
  due: number[];
}

/** What there is to a route at the moment. */
export interface RouteState {
  readonly isAble: boolean;
  readonly isOut: boolean;
  readonly depth: number;
  readonly depthMax: number;
  /** How much slower than its estimates it is at present, in 256ths: see slowerBy(). */
  readonly slowness: number;
}

export interface PolicyTables {
  /** See cellOf(). */
  estimate(cell: number): Estimate;
  /** By class. */
  readonly classes: ClassState[];
}

export interface PolicyNumbers {
  /** Each route is tried once in so many decisions, and the rarer, the worse it is; 0: never. */
  readonly exploreInterval: number;
  /** 256: a nanosecond of work counts as one of waiting. */
  readonly costWeight: number;
}

export interface Decision {
  /** ROUTE_COUNT: none has room. */
  readonly route: number;
  readonly why: number;
  /** Of its queue. */
  readonly depth: number;
}

const classIn = (bounds: readonly number[], value: number) => bounds.filter((bound) => value > bound).length;

export function sizeClass(bytes: number): number {
  return classIn(SIZE_BOUNDS, bytes);
}

export function classOf(operation: number, bytes: number): number {
  return operation * SIZE_COUNT + sizeClass(bytes);
}

export function cellOf(requestClass: number, route: number, depth: number): number {
  const load = LOAD_BOUNDS.filter((bound) => depth >= bound).length;
  return (requestClass * ROUTE_COUNT + route) * LOAD_COUNT + load;
}

/** Chooses, and moves the class's counters. */
export function decide(
  tables: PolicyTables,
  requestClass: number,
  routes: readonly RouteState[],
  numbers: PolicyNumbers,
): Decision {
  const state = tables.classes[requestClass]!;
  let why = 0;
  const scores = routes.map(({ isAble, isOut, depth, depthMax, slowness }, route) => {
    if (!isAble) return Number.POSITIVE_INFINITY;
    if (isOut) why |= Why.out << route;
    else if (depth >= depthMax) why |= Why.full << route;
    if (isOut || depth >= depthMax) return Number.POSITIVE_INFINITY;
    const { latencyNs, costNs } = tables.estimate(cellOf(requestClass, route, depth));
    return Math.floor((latencyNs * slowness) / 256) + Math.floor((costNs * numbers.costWeight) / 256);
  });
  const usable = [...scores.keys()].filter((route) => Number.isFinite(scores[route]));
  if (usable.length === 0) return { route: ROUTE_COUNT, why, depth: 0 };
  const best = usable.reduce((least, route) => (scores[route]! < scores[least]! ? route : least));
  const slow = routes.map(({ slowness }) => slowness > SLOW);
  const chosen = pick(state, scores, usable, best, slow, numbers.exploreInterval);
  return { route: chosen.route, why: why | chosen.why, depth: routes[chosen.route]!.depth };
}

function pick(
  state: ClassState,
  scores: readonly number[],
  usable: readonly number[],
  best: number,
  slow: readonly boolean[],
  interval: number,
) {
  const pin = state.pin - 1;
  if (pin >= 0) return usable.includes(pin) ? { route: pin, why: Why.pinned } : { route: best, why: 0 };
  if (usable.length === 1) return { route: best, why: Why.alone };
  const settled = settle(state, scores, best);
  if (interval === 0) return settled;
  const others = usable.filter((route) => route !== settled.route && !slow[route]);
  const explored = explore(state, scores, others, settled.route, interval);
  return explored === settled.route ? settled : { route: explored, why: settled.why | Why.explored };
}

function settle(state: ClassState, scores: readonly number[], best: number): { route: number; why: number } {
  const { current } = state;
  if (current === best) return { route: best, why: 0 };
  const now = scores[current]!;
  if (Number.isFinite(now) && scores[best]! >= now - Math.floor(now / 8))
    return { route: current, why: Why.stayed };
  state.current = best;
  return { route: best, why: Why.switched };
}

function explore(
  state: ClassState,
  scores: readonly number[],
  others: readonly number[],
  chosen: number,
  interval: number,
): number {
  const count = state.decisions;
  state.decisions = (count + 1) >>> 0;
  const route = others.find((other) => ((count - state.due[other]!) | 0) >= 0);
  if (route === undefined) return chosen;
  const rarity = Math.min(
    RARITY_MAX,
    Math.floor(scores[route]! / (scores[chosen]! % 2 ? scores[chosen]! : scores[chosen]! + 1)),
  );
  state.due[route] = (count + interval * (rarity + 1)) >>> 0;
  return route;
}

/** An eighth of the way to what was seen, half of it where that is twice as long; the first one counts as it is. */
export function learned(old: Estimate, latencyNs: number, costNs: number): Estimate {
  const move = (from: number, to: number) => {
    const part = Math.floor(to / 2) > from ? 2 : 8;
    const next = old.samples === 0 ? to + 1 : from - Math.floor(from / part) + Math.floor(to / part) + 1;
    return Math.min(0xffff_ffff, next);
  };
  return {
    latencyNs: move(old.latencyNs, latencyNs),
    costNs: move(old.costNs, costNs),
    samples: (old.samples + 1) >>> 0,
  };
}

export const NOT_SLOWER = 256;
const SLOWNESS_MAX = 64 * NOT_SLOWER;
const SURE = 4;
/** Queues of which the length says little about what a request takes. */
const SHORT = 4;

/** A route that is so much slower is left to the controller's probes: requests do not try it. */
export const SLOW = 2 * NOT_SLOWER;

/**
 * What one result says about a whole route: all classes learn at once that a card has become slow, or well again.
 * ratio: of what it took to what was expected. A quarter of the way, half of it for what differs by more than twice.
 */
export function slowerBy(slowness: number, ratio: number): number {
  const seen = Math.min(SLOWNESS_MAX, ratio * NOT_SLOWER);
  const isFar = seen > 2 * slowness || 2 * seen < slowness;
  return Math.max(NOT_SLOWER, Math.round(slowness + (seen - slowness) / (isFar ? 2 : 4)));
}

/** What a result says, and what of it is the route's own: estimates that are not sure, and long queues, say nothing about the route. */
export function learnRoute(
  slowness: number,
  depth: number,
  latencyNs: number,
  costNs: number,
  old: Estimate,
): { slowness: number; estimate: Estimate } {
  const isTelling = old.samples >= SURE && depth < SHORT;
  const next = isTelling ? slowerBy(slowness, latencyNs / old.latencyNs) : slowness;
  return { slowness: next, estimate: learned(old, Math.round((latencyNs * NOT_SLOWER) / next), costNs) };
}

/** What is expected before anything was measured: nanoseconds for a request, and for each byte. */
const PRIORS: readonly (readonly [number, number])[][] = [
  [
    [1500, 5],
    [80_000, 1],
    [100_000, 1],
  ],
  [
    [2500, 5],
    [80_000, 1],
    [100_000, 1],
  ],
  [
    [5000, 20],
    [80_000, 1],
    [100_000, 1],
  ],
  [
    [5000, 20],
    [80_000, 1],
    [100_000, 1],
  ],
  [
    [250_000, 5],
    [150_000, 1],
    [150_000, 1],
  ],
];

export function priorTables(): { estimates: Estimate[]; classes: ClassState[] } {
  const estimates = Array.from({ length: CELL_COUNT }, (_, cell): Estimate => {
    const load = cell % LOAD_COUNT;
    const route = Math.floor(cell / LOAD_COUNT) % ROUTE_COUNT;
    const requestClass = Math.floor(cell / LOAD_COUNT / ROUTE_COUNT);
    const bytes = SIZE_BOUNDS[requestClass % SIZE_COUNT] ?? 2 * 65_536;
    const [each, perByte] = PRIORS[Math.floor(requestClass / SIZE_COUNT)]![route]!;
    /* A queue that has so many requests already. */
    const behind = route === 0 || load === 0 ? 1 : 1 + 2 ** (load - 1) / 4;
    const latencyNs = Math.round((each + perByte * bytes) * behind);
    return { latencyNs, costNs: route === 0 ? latencyNs : 0, samples: 0 };
  });
  const classes = Array.from({ length: CLASS_COUNT }, (_, requestClass): ClassState => {
    const at = [0, 1, 2].map((route) => estimates[cellOf(requestClass, route, 0)]!.latencyNs);
    return { decisions: 0, current: at.indexOf(Math.min(...at)), pin: 0, due: [0, 0, 0] };
  });
  return { estimates, classes };
}

/** By size alone. */
export interface StaticRules {
  /** Bytes, each one of SIZE_BOUNDS. */
  readonly smallThreshold: number;
  readonly largeThreshold: number;
  readonly preferBpfForHash: boolean;
}

export const STATIC_RULES: StaticRules = {
  smallThreshold: 512,
  largeThreshold: 4096,
  preferBpfForHash: true,
};
/** What is encrypted and larger goes to hardware. */
const ENCRYPT_SIZE = sizeClass(1024);

/** The rules of the demonstration that this package comes from: what is small in BPF, what is large by hardware. */
export function staticRoute(requestClass: number, hasHardware: boolean, rules = STATIC_RULES): number {
  const operation = Math.floor(requestClass / SIZE_COUNT);
  const size = requestClass % SIZE_COUNT;
  const elsewhere = hasHardware ? 2 : 1;
  if (operation > 3) return 1;
  if (operation > 1) return size <= ENCRYPT_SIZE ? 0 : elsewhere;
  if (rules.preferBpfForHash && size <= sizeClass(rules.smallThreshold)) return 0;
  return size <= sizeClass(rules.largeThreshold) ? 1 : elsewhere;
}
