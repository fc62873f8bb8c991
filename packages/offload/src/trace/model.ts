import { OPERATIONS } from '../client/wire.js';
import { SeededRandom } from './random.js';
import type { CardEvent, TraceRequest } from './trace.js';

/* What routes take, for simulations: from what was measured of BPF and OpenSSL, and for a card that there is not. */

/** Microseconds for a request, and nanoseconds for each byte, by operation. */
type Costs = readonly (readonly [us: number, nsPerByte: number])[];

const BPF: Costs = [
  [1.2, 4.2],
  [1.8, 4.2],
  [6, 21],
  [6, 21],
  [170, 4.2],
];
const OPENSSL: Costs = [
  [1, 0.6],
  [1.5, 0.6],
  [2, 0.3],
  [2, 0.3],
  [75, 0.6],
];
const CARD: Costs = [
  [0.3, 0.1],
  [0.3, 0.1],
  [0.4, 0.08],
  [0.4, 0.08],
  [8, 0.1],
];
/** To a worker and back; to the card and back. */
const WAKE_US = 45;
const CARD_US = 60;
const WORKERS = 2;
/** What BPF can do: one packet. */
const BPF_BYTES_MAX = 1344;
/** Each request takes up to so much more on each route, or less. */
const NOISE = 0.1;

/** The core that programs run on: what a request takes of it that is handed over, and a pause that ends its streak. */
const HAND_OVER_US = 1.5;
const STREAK_PAUSE_US = 2;
/** Microseconds of a streak that count as one request in BPF's queue. */
const STREAK_UNIT_US = 4.096;

/** When a request is done; when the core, or the route, is free for the next. */
interface Plan {
  readonly finishUs: number;
  readonly freeUs: number;
  readonly server: number;
}

/** Routes with their queues: what comes is done in order, and first by the core that takes packets in. */
export class RouteModel {
  readonly depths = [0, 0, 0];
  readonly #noise: readonly (readonly number[])[];
  #freeUs = [[0], new Array<number>(WORKERS).fill(0), [0]];
  #streakUs = 0;
  #factor = 1;
  #isLost = false;

  constructor(requests: readonly TraceRequest[], seed: number) {
    const random = new SeededRandom(seed ^ 0x5eed);
    this.#noise = requests.map(() => [0, 1, 2].map(() => 1 + NOISE * (2 * random.next() - 1)));
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  isAble(route: number, { bytes }: TraceRequest): boolean {
    return route === 0 ? bytes <= BPF_BYTES_MAX : route === 1 || !this.#isLost;
  }

  apply({ card, factor = 1 }: CardEvent): void {
    this.#isLost = card === 'lost';
    this.#factor = card === 'slow' ? factor : 1;
    if (this.#isLost) this.#freeUs[2] = [0];
  }

  /** What a probe of the card takes, as a multiple of what it usually takes. */
  get probeRatio(): number {
    return this.#factor;
  }

  /** When the program looks at a request that comes then. */
  lookUs(arrivalUs: number): number {
    const free = this.#freeUs[0]![0]!;
    if (arrivalUs > free + STREAK_PAUSE_US) this.#streakUs = arrivalUs;
    return Math.max(arrivalUs, free);
  }

  /** As the program counts it: how long it has been busy without a pause. */
  streakDepth(nowUs: number): number {
    return Math.floor((nowUs - this.#streakUs) / STREAK_UNIT_US);
  }

  /** What the program measures of a request that it does itself. */
  streakLatencyUs(finishUs: number): number {
    return finishUs - this.#streakUs;
  }

  /** When the request number i is done that the route gets now. */
  finishUs(route: number, i: number, request: TraceRequest, nowUs: number): number {
    return this.#plan(route, i, request, nowUs + (route === 0 ? 0 : HAND_OVER_US)).finishUs;
  }

  /** The same, and the route has it. */
  take(route: number, i: number, request: TraceRequest, nowUs: number): number {
    const startUs = nowUs + (route === 0 ? 0 : HAND_OVER_US);
    const { finishUs, freeUs, server } = this.#plan(route, i, request, startUs);
    this.#freeUs[0]![0] = startUs;
    this.#freeUs[route]![server] = freeUs;
    return finishUs;
  }

  /** It is taken from a route that is gone: no program looks at it again. */
  move(i: number, request: TraceRequest, nowUs: number): number {
    const { finishUs, freeUs, server } = this.#plan(1, i, request, nowUs);
    this.#freeUs[1]![server] = freeUs;
    return finishUs;
  }

  #plan(route: number, i: number, { operation, bytes }: TraceRequest, nowUs: number): Plan {
    const servers = this.#freeUs[route]!;
    const server = servers.indexOf(Math.min(...servers));
    const [us, nsPerByte] = [BPF, OPENSSL, CARD][route]![OPERATIONS.indexOf(operation)]!;
    const noise = this.#noise[i]![route]! * (route === 2 ? this.#factor : 1);
    const freeUs = Math.max(nowUs, servers[server]!) + (us + (nsPerByte * bytes) / 1000) * noise;
    const wayUs = [0, WAKE_US, CARD_US][route]! * noise;
    return { finishUs: freeUs + wayUs, freeUs, server };
  }
}
