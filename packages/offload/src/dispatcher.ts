import { bootTimeNs } from '@cryptbpf/core';
import type { Answers } from './answers.js';
import type { Answer } from './client/client.js';
import { serviceError } from './client/errors.js';
import type { Question } from './client/operations.js';
import { ROUTES } from './client/wire.js';
import type { OffloadKernel } from './kernel.js';
import { nonceOf, type OwnNonces, takeNonce } from './keys.js';
import { OffloadError as ErrorNumber, OffloadCheck, OffloadOperation } from './offload.gen.js';
import { type EngineKeys, isSame, type Job, type Outcome, Performer } from './perform.js';
import { type ClassState, classOf, decide, NOT_SLOWER, type PolicyNumbers, priorTables } from './policy.js';
import { Assemblies, decodeRecord, type Request, type RingRecord } from './requests.js';
import type { EngineRoute } from './routes.js';

/** How often a request is given to an engine. */
const TRIES = 3;
const CHECKS_MAX = 4096;
const USERSPACE = ROUTES.indexOf('userspace');
const HARDWARE = ROUTES.indexOf('hardware');

/** Something to be done, whoever asked. It ends once. */
interface Task {
  readonly job: Job;
  readonly requestClass: number;
  readonly depth: number;
  readonly startedNs: bigint;
  /** That it came in. */
  readonly packets: number;
  readonly tries: number;
  end(route: number, outcome: Outcome): void;
}

export interface DispatcherCounts {
  /** Results that user space gave, by route, and errors. */
  readonly userspace: number;
  readonly hardware: number;
  readonly errors: number;
  /** Requests that were taken from an engine and given to another one. */
  readonly moved: number;
  /** Results that were compared with OpenSSL's, and those that were wrong. */
  readonly checked: number;
  readonly wrong: number;
}

/** Takes requests from the ring to engines, and what they give to whoever asked. */
export class Dispatcher {
  readonly #kernel: OffloadKernel;
  readonly #answers: Answers;
  readonly #routes: readonly (EngineRoute | undefined)[];
  readonly #assemblies = new Assemblies();
  readonly #checks = new Map<string, RingRecord>();
  readonly #judge = new Performer();
  readonly #counts = { userspace: 0, hardware: 0, errors: 0, moved: 0, checked: 0, wrong: 0 };
  readonly #openSession: (record: RingRecord) => Outcome;
  readonly #onWrongBpf: (question: Job) => void;
  /** Of what is asked in this process. */
  readonly #classes: ClassState[] = priorTables().classes;
  readonly #meter = new Meter();
  #nonces = new Map<number, OwnNonces>();
  #checkEvery = 0;
  #hasHardware = false;
  #sinceCheck = 0;

  constructor(
    kernel: OffloadKernel,
    answers: Answers,
    routes: readonly (EngineRoute | undefined)[],
    openSession: (record: RingRecord) => Outcome,
    onWrongBpf: (question: Job) => void,
  ) {
    this.#kernel = kernel;
    this.#answers = answers;
    this.#routes = routes;
    this.#openSession = openSession;
    this.#onWrongBpf = onWrongBpf;
  }

  get counts(): DispatcherCounts {
    return { ...this.#counts };
  }

  setKeys(keys: EngineKeys, nonces: Map<number, OwnNonces>): void {
    this.#nonces = nonces;
    this.#judge.setKeys(keys);
    for (const route of this.#routes) route?.setKeys(keys);
  }

  configure(checkEvery: number, hasHardware: boolean): void {
    this.#checkEvery = checkEvery;
    this.#hasHardware = hasHardware;
  }

  /** A record of the ring. */
  take(bytes: Uint8Array): void {
    const record = decodeRecord(bytes);
    if (record.check !== OffloadCheck.OFFLOAD_CHECK_NONE) this.#checkBpf(record);
    else this.#meter.during(() => this.#takeUp(record));
  }

  #takeUp(record: RingRecord): void {
    const request = this.#assemblies.add(record);
    if (request === 'full') this.#refuse([record], ErrorNumber.OFFLOAD_BUSY);
    else if (request && record.operation === OffloadOperation.OFFLOAD_SESSION)
      this.#answer(request, USERSPACE, this.#openSession(record));
    else if (request) this.#serve(request);
  }

  /** Requests that do not become whole, and engines that do not answer. */
  watch(): void {
    const now = performance.now();
    for (const parts of this.#assemblies.expire(now)) this.#refuse(parts, ErrorNumber.OFFLOAD_INCOMPLETE);
    for (const route of this.#routes) route?.watch(now);
  }

  /** The same for a caller in this process: by the engines alone. Rejects with OffloadError. */
  ask(
    { operation, key, data }: Question,
    numbers: PolicyNumbers,
    depthMax: readonly number[],
  ): Promise<Answer> {
    const requestClass = classOf(operation, data.length);
    const decision = this.#decide(requestClass, numbers, depthMax);
    if (decision.route >= ROUTES.length) return Promise.reject(serviceError(ErrorNumber.OFFLOAD_BUSY));
    return new Promise((resolve, reject) => {
      const job = { operation, key, nonce: this.#nonceFor(operation, key), data };
      const end = (route: number, { error, result }: Outcome) =>
        error ? reject(serviceError(error)) : resolve({ result, route: ROUTES[route]! });
      const startedNs = bootTimeNs();
      const task = { job, requestClass, depth: decision.depth, startedNs, packets: 0, tries: 0, end };
      this.#start(decision.route, task);
    });
  }

  close(): void {
    for (const route of this.#routes) route?.close();
  }

  #decide(requestClass: number, numbers: PolicyNumbers, depthMax: readonly number[]) {
    const routes = this.#routes.map((route, index) => ({
      isAble: route !== undefined,
      isOut: route?.isOut ?? true,
      depth: route ? route.busy : 0,
      depthMax: depthMax[index]!,
      slowness: route?.slowness ?? NOT_SLOWER,
    }));
    this.#classes[requestClass]!.pin = this.#kernel.state(requestClass).pin;
    const tables = { estimate: (cell: number) => this.#kernel.estimate(cell), classes: this.#classes };
    return decide(tables, requestClass, routes, numbers);
  }

  #serve(request: Request): void {
    const { record, data } = request;
    const { operation, key, noncePrefix, nonce: counter } = record;
    const nonce = operation === OffloadOperation.OFFLOAD_SEAL ? nonceOf(noncePrefix, counter) : undefined;
    const end = (route: number, outcome: Outcome) => this.#answer(request, route, outcome);
    this.#start(record.route, {
      job: { operation, key, nonce, data },
      requestClass: record.class,
      depth: record.depth,
      startedNs: record.timeNs,
      packets: request.routes.length,
      tries: 0,
      end,
    });
  }

  #start(wanted: number, task: Task): void {
    const route = this.#usable(wanted);
    if (!route || task.tries >= TRIES) {
      this.#doHere(task);
      return;
    }
    route.start({
      startedMs: performance.now(),
      job: task.job,
      settle: (outcome) => this.#settle(route, task, outcome),
      giveUp: () => this.#move(task, route.index),
    });
  }

  /** The last resort, when no engine is well: in this thread. */
  #doHere(task: Task): void {
    task.end(USERSPACE, this.#judge.perform(task.job));
  }

  /** The route, or another one that is well. */
  #usable(wanted: number): EngineRoute | undefined {
    const isWell = (route: EngineRoute | undefined) =>
      route !== undefined && !route.isOut && (route.index !== HARDWARE || this.#hasHardware);
    return [this.#routes[wanted], ...this.#routes].find(isWell);
  }

  /** To another engine; what is sealed there has another nonce, since the first one may have been used. */
  #move(task: Task, from: number): void {
    this.#counts.moved++;
    const nonce = this.#nonceFor(task.job.operation, task.job.key);
    this.#start(from, { ...task, job: { ...task.job, nonce }, tries: task.tries + 1 });
  }

  #nonceFor(operation: number, key: number): Uint8Array | undefined {
    return operation === OffloadOperation.OFFLOAD_SEAL ? takeNonce(this.#nonces.get(key)) : undefined;
  }

  #settle(route: EngineRoute, task: Task, outcome: Outcome): void {
    const checked = this.#isDue(route.index) ? this.#compare(route, task, outcome) : outcome;
    const costNs = (outcome.costNs ?? 0) + task.packets * this.#meter.meanNs;
    route.countCost(costNs);
    if (task.tries === 0 && checked === outcome)
      this.#kernel.learn(task.requestClass, route, task.depth, Number(bootTimeNs() - task.startedNs), costNs);
    task.end(route.index, checked);
  }

  #isDue(route: number): boolean {
    if (route !== HARDWARE || this.#checkEvery === 0) return false;
    this.#sinceCheck = (this.#sinceCheck + 1) % this.#checkEvery;
    return this.#sinceCheck === 0;
  }

  /** What is right; the route is taken out when that is something else. */
  #compare(route: EngineRoute, task: Task, outcome: Outcome): Outcome {
    const expected = this.#judge.perform(task.job);
    this.#counts.checked++;
    if (isSame(outcome, expected)) return outcome;
    this.#counts.wrong++;
    route.takeOut('wrong', new Error(`${route.engine.name} gave a wrong result`), task.job);
    return expected;
  }

  #answer({ record, routes, room }: Request, route: number, { error, result }: Outcome): void {
    for (const index of routes) this.#routes[index]?.count();
    if (error || result.length > room) {
      this.#counts.errors++;
      this.#answers.error(record, error || ErrorNumber.OFFLOAD_BAD_LENGTH);
      return;
    }
    this.#counts[route === HARDWARE ? 'hardware' : 'userspace']++;
    this.#answers.result(record, route, result);
  }

  #refuse(parts: readonly RingRecord[], error: number): void {
    for (const { route } of parts) this.#routes[route]?.count();
    this.#counts.errors++;
    if (parts[0]) this.#answers.error(parts[0], error);
  }

  /** First comes the data of a request that BPF does, then what it answered. */
  #checkBpf(record: RingRecord): void {
    const key = `${record.client} ${record.counter}`;
    if (record.check === OffloadCheck.OFFLOAD_CHECK_DATA) {
      if (this.#checks.size >= CHECKS_MAX) this.#checks.clear();
      this.#checks.set(key, record);
      return;
    }
    const question = this.#checks.get(key);
    if (!question) return;
    this.#checks.delete(key);
    const { operation, key: id, data } = question;
    const nonce = operation === OffloadOperation.OFFLOAD_SEAL ? record.data.slice(0, 12) : undefined;
    const asked = { operation, key: id, nonce, data };
    const expected = this.#judge.perform(asked);
    this.#counts.checked++;
    if (record.error === expected.error && Buffer.compare(record.data, expected.result) === 0) return;
    /* A key that was changed in between, or is used up, is no fault of the route's. */
    if (record.error === ErrorNumber.OFFLOAD_BAD_KEY || record.error === ErrorNumber.OFFLOAD_EXHAUSTED)
      return;
    this.#counts.wrong++;
    this.#onWrongBpf({ ...asked, data: Uint8Array.from(data) });
  }
}

/** What this thread spends on a packet that is handed over: a mean that moves, and little by what was interrupted. */
class Meter {
  meanNs = 20_000;

  during(work: () => void): void {
    const begun = process.hrtime.bigint();
    work();
    const tookNs = Number(process.hrtime.bigint() - begun);
    this.meanNs += (Math.min(tookNs, 2 * this.meanNs) - this.meanNs) / 64;
  }
}
