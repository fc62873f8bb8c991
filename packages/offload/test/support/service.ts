import { readFileSync } from 'node:fs';
import { type BpfObject, bootTimeNs } from '@cryptbpf/core';
import { P256Layout, p256GeneratorTable } from '@cryptbpf/core/crypto';
import { clientKeys } from '../../src/client/keys.js';
import { OffloadKernel } from '../../src/kernel.js';
import { engineKey, type OffloadKeySpec, writeKey } from '../../src/keys.js';
import { type OffloadObject, openOffload, Reason } from '../../src/offload.gen.js';
import { type OffloadSettings, settingsOf } from '../../src/options.js';
import { CLIENT, KEYS } from './keys.js';

/* The program, driven by BPF_PROG_TEST_RUN, without its controller. */

export const PORT = 22310;
const ACTIONS: Record<number, string> = { 0: 'abort', 1: 'drop', 2: 'pass', 3: 'answer' };

export interface Verdict {
  action: string;
  reasons: string[];
  frame: Uint8Array;
}

export class TestService implements Disposable {
  readonly object: BpfObject<OffloadObject>;
  readonly kernel: OffloadKernel;
  readonly keys = clientKeys(CLIENT.secret);
  #isAlive = false;

  private constructor() {
    const spec = openOffload(readFileSync(new URL('../../../../build/bpf/offload.bpf.o', import.meta.url)));
    spec.map('p256_entries').maxEntries = new P256Layout(0).entries;
    this.object = spec.load();
    const { object } = this;
    this.kernel = new OffloadKernel({ object, maps: object.maps, variables: object.variables } as never);
  }

  static async start(): Promise<TestService> {
    const service = new TestService();
    const view = service.object.maps.p256_entries.view();
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(await p256GeneratorTable(8), 0);
    service.kernel.beBorn();
    service.kernel.writeClients([CLIENT]);
    for (const [id, spec] of Object.entries(KEYS)) service.writeKey(Number(id), spec);
    service.configure();
    return service;
  }

  writeKey(id: number, spec: OffloadKeySpec): void {
    writeKey({ maps: this.object.maps, programs: this.object.programs }, id, engineKey(id, spec));
  }

  configure(changes: OffloadSettings = {}, isAlive = false): void {
    const settings = settingsOf({
      interface: 'none',
      ports: [PORT],
      policy: 'bpf',
      checkEvery: 0,
      ...changes,
    });
    this.kernel.configure(settings, true);
    this.kernel.openPorts(settings.ports);
    this.object.variables.offload_bucket = 0n;
    this.#isAlive = isAlive;
  }

  /** What it returns, the reasons that it counts, and the frame afterwards. */
  judge(frame: Uint8Array): Verdict {
    const before = this.#counts();
    this.object.variables.offload_heartbeat_ns = this.#isAlive ? bootTimeNs() : 0n;
    const { returnValue, data } = this.object.programs.offload.testRun({ data: frame });
    const reasons = this.#counts().flatMap((count, reason) =>
      count === before[reason] ? [] : [nameOf(reason)],
    );
    return { action: ACTIONS[returnValue]!, reasons, frame: data };
  }

  #counts(): number[] {
    const { stats } = this.object.maps;
    return stats
      .getBatch()
      .map(([, perCpu]) => perCpu.reduce((sum, { packets }) => sum + Number(packets), 0));
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

function nameOf(reason: number): string {
  return Object.entries(Reason).find(([, value]) => value === reason)![0];
}
