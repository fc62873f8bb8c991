import { OPERATIONS, ROUTES, type Route } from '../client/wire.js';
import {
  cellOf,
  classOf,
  decide,
  learned,
  learnRoute,
  NOT_SLOWER,
  type PolicyNumbers,
  priorTables,
  ROUTE_COUNT,
  SLOW,
  slowerBy,
  staticRoute,
} from '../policy.js';
import { RouteModel } from './model.js';
import type { CardEvent, Trace, TraceRequest } from './trace.js';

/**
 * 'learned' is what the service does, 'static' and the routes are its fixed policies; 'oracle' knows when each route
 * would be done with this request, its noise included, and takes the first.
 */
export type SimulatedPolicy = 'learned' | 'static' | Route | 'oracle';
export const SIMULATED_POLICIES: readonly SimulatedPolicy[] = ['oracle', 'learned', 'static', ...ROUTES];

export interface Simulation {
  readonly policy: SimulatedPolicy;
  /** Of each request, in the order of the trace. */
  readonly latenciesUs: readonly number[];
  readonly routes: readonly number[];
  readonly meanUs: number;
}

const DEFAULTS: PolicyNumbers = { exploreInterval: 64, costWeight: 0 };
const DEPTHS_MAX = [2 ** 30, 1024, 256];
/** The card is asked three times, each 10 ms, before it gets requests again. */
const PROBE_US = 30_000;
const PROBE_EVERY_US = 10_000;

interface Running {
  readonly i: number;
  readonly request: TraceRequest;
  readonly route: number;
  readonly depth: number;
  readonly moved: boolean;
  /** What is learned from it. */
  readonly seenUs: number;
  readonly finishUs: number;
}

/** Replays a trace against a policy, on routes that behave as src/trace/model.ts says. */
export function simulate(
  trace: Trace,
  policy: SimulatedPolicy,
  numbers: PolicyNumbers = DEFAULTS,
): Simulation {
  return new Replay(trace, policy, numbers).run();
}

class Replay {
  readonly #trace: Trace;
  readonly #policy: SimulatedPolicy;
  readonly #numbers: PolicyNumbers;
  readonly #model: RouteModel;
  readonly #tables = priorTables();
  readonly #latenciesUs: number[] = [];
  readonly #routes: number[] = [];
  #running: Running[] = [];
  #events: CardEvent[];
  readonly #slowness = [NOT_SLOWER, NOT_SLOWER, NOT_SLOWER];
  #trustedUs = 0;
  #probedUs = 0;

  constructor(trace: Trace, policy: SimulatedPolicy, numbers: PolicyNumbers) {
    this.#trace = trace;
    this.#policy = policy;
    this.#numbers = numbers;
    this.#model = new RouteModel(trace.requests, trace.seed);
    this.#events = [...trace.events];
  }

  run(): Simulation {
    const { requests } = this.#trace;
    requests.forEach((request, i) => {
      this.#advance(request.atUs);
      this.#probe(request.atUs);
      const nowUs = this.#model.lookUs(request.atUs);
      this.#advance(nowUs);
      this.#give(i, request, this.#choose(i, request, nowUs), nowUs);
    });
    this.#advance(Number.POSITIVE_INFINITY);
    const meanUs = this.#latenciesUs.reduce((sum, latency) => sum + latency, 0) / requests.length;
    return { policy: this.#policy, latenciesUs: this.#latenciesUs, routes: this.#routes, meanUs };
  }

  /** What ends, and what happens to the card, until then. */
  #advance(untilUs: number): void {
    for (const event of this.#events.filter(({ atUs }) => atUs <= untilUs)) {
      this.#finish(event.atUs);
      this.#model.apply(event);
      if (event.card === 'lost') this.#moveAll(event.atUs);
      if (event.card === 'well') this.#trustedUs = event.atUs + PROBE_US;
    }
    this.#events = this.#events.filter(({ atUs }) => atUs > untilUs);
    this.#finish(untilUs);
  }

  #finish(untilUs: number): void {
    const done = this.#running.filter(({ finishUs }) => finishUs <= untilUs);
    if (done.length === 0) return;
    this.#running = this.#running.filter(({ finishUs }) => finishUs > untilUs);
    for (const running of done.sort((a, b) => a.finishUs - b.finishUs)) this.#end(running);
  }

  #end({ i, request, route, depth, moved, seenUs, finishUs }: Running): void {
    this.#model.depths[route]!--;
    this.#latenciesUs[i] = finishUs - request.atUs;
    this.#routes[i] = route;
    if (moved) return;
    const cell = cellOf(this.#classOf(request), route, depth);
    const estimate = this.#tables.estimates[cell]!;
    const seenNs = Math.round(seenUs * 1000);
    const next = learnRoute(this.#slowness[route]!, depth, seenNs, seenNs, estimate);
    this.#tables.estimates[cell] = route === 0 ? learned(estimate, seenNs, seenNs) : next.estimate;
    if (route !== 0) this.#slowness[route] = next.slowness;
  }

  /** As the controller does with a route that has become slow. */
  #probe(nowUs: number): void {
    if (this.#slowness[2]! <= SLOW || this.#model.isLost || nowUs < this.#probedUs + PROBE_EVERY_US) return;
    this.#probedUs = nowUs;
    this.#slowness[2] = slowerBy(this.#slowness[2]!, this.#model.probeRatio);
  }

  #give(i: number, request: TraceRequest, route: number, nowUs: number): void {
    const depth = this.#depth(route, nowUs);
    const finishUs = this.#model.take(route, i, request, nowUs);
    const seenUs = route === 0 ? this.#model.streakLatencyUs(finishUs) : finishUs - nowUs;
    this.#model.depths[route]!++;
    this.#running.push({ i, request, route, depth, moved: false, seenUs, finishUs });
  }

  /** What the card had goes to user space. */
  #moveAll(nowUs: number): void {
    const lost = this.#running.filter(({ route }) => route === 2);
    this.#running = this.#running.filter(({ route }) => route !== 2);
    this.#model.depths[2] = 0;
    for (const running of lost) {
      const finishUs = this.#model.move(running.i, running.request, nowUs);
      this.#model.depths[1]!++;
      this.#running.push({ ...running, route: 1, moved: true, finishUs });
    }
  }

  #depth(route: number, nowUs: number): number {
    return route === 0 ? this.#model.streakDepth(nowUs) : this.#model.depths[route]!;
  }

  #choose(i: number, request: TraceRequest, nowUs: number): number {
    if (this.#policy === 'oracle') return this.#foresee(i, request, nowUs);
    const requestClass = this.#classOf(request);
    const state = this.#tables.classes[requestClass]!;
    const fixed = ROUTES.indexOf(this.#policy as Route);
    state.pin = fixed >= 0 ? fixed + 1 : this.#policy === 'static' ? staticRoute(requestClass, true) + 1 : 0;
    const isOut = this.#model.isLost || nowUs < this.#trustedUs;
    const routes = [0, 1, 2].map((route) => ({
      isAble: route !== 0 || this.#model.isAble(0, request),
      isOut: route === 2 && isOut,
      depth: this.#depth(route, nowUs),
      depthMax: DEPTHS_MAX[route]!,
      slowness: this.#slowness[route]!,
    }));
    const tables = {
      estimate: (cell: number) => this.#tables.estimates[cell]!,
      classes: this.#tables.classes,
    };
    const { route } = decide(tables, requestClass, routes, this.#numbers);
    return route < ROUTE_COUNT ? route : 1;
  }

  #foresee(i: number, request: TraceRequest, nowUs: number): number {
    const able = [0, 1, 2].filter((route) => this.#model.isAble(route, request));
    const finish = (route: number) => this.#model.finishUs(route, i, request, nowUs);
    return able.reduce((best, route) => (finish(route) < finish(best) ? route : best));
  }

  #classOf({ operation, bytes }: TraceRequest): number {
    return classOf(OPERATIONS.indexOf(operation), bytes);
  }
}
