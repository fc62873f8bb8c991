import { openObject } from '@cryptbpf/core';
import { PORT } from './packets.mjs';

/** The program of the package, for what comes in. As by default a source has a budget, one that nobody can spend, and all together have none. */
export class BenchVerifier {
  #object = openObject(new URL('../../build/bpf/cas.bpf.o', import.meta.url)).load();

  constructor() {
    const ports = new Array(1024).fill(0n);
    ports[PORT >> 6] = 1n << BigInt(PORT & 63);
    this.#object.variables.cas_ports = { ingress: ports, egress: new Array(1024).fill(0n) };
    const config = {
      confirmByNs: 0n,
      eventRate: { intervalNs: 1_000_000n, toleranceNs: 0n },
      sourceRate: { intervalNs: 1n, toleranceNs: 1_000_000_000n },
      hashRate: { intervalNs: 0n, toleranceNs: 0n },
      monitor: 0,
      observeLists: 0,
    };
    this.#object.variables.cas_configs = [config, config];
  }

  /** Nanoseconds per packet, of so many runs; all must meet that verdict. */
  run(frame, reason, count) {
    const before = this.#count(reason);
    const { durationNs } = this.#object.programs.cas_ingress.testRun({ data: frame, repeat: count });
    const met = this.#count(reason) - before;
    if (met !== count) throw new Error(`${met} of ${count} packets met reason ${reason}`);
    return durationNs;
  }

  #count(reason) {
    const perCpu = this.#object.maps.stats.at(reason);
    return perCpu.reduce((sum, { packets }) => sum + Number(packets), 0);
  }

  close() {
    this.#object.close();
  }
}
