import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/* What the tests of the programs use, which the package does not export: bundled here, with the objects beside it. */

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const OUT = path('../../build/bench/tunnel/');
const DATAPATH = path('../../packages/tunnel/src/datapath/');

mkdirSync(OUT, { recursive: true });
for (const object of ['tunnel_wireguard.bpf.o', 'tunnel_aes.bpf.o', 'tunnel_early.bpf.o']) {
  copyFileSync(`${DATAPATH}${object}`, `${OUT}${object}`);
}
buildSync({
  entryPoints: [path('../../packages/tunnel/test/support/programs.ts')],
  outfile: `${OUT}programs.mjs`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2022',
  external: ['koffi'],
  alias: {
    '@cryptbpf/core': path('../../packages/core/src/index.ts'),
    '@cryptbpf/core/crypto': path('../../packages/core/src/crypto.ts'),
  },
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});

const { Programs, inner, INSIDE_THEM, INSIDE_US, TC_REDIRECTED } = await import(`${OUT}programs.mjs`);

const IP_UDP_BYTES = 28;
const RUNS = 512;

/** The data path of one suite, whose peer is imaginary. */
export class BenchPrograms {
  #programs;
  #counter = 0n;

  static async create(suite) {
    const bench = new BenchPrograms();
    bench.#programs = new Programs(suite);
    await bench.#programs.locate('ipv4');
    bench.#programs.knowNeighbor();
    return bench;
  }

  /** Nanoseconds for each of so many packets of that length, from the device to the underlay. */
  seal(bytes) {
    const ip = { source: INSIDE_US.ipv4, destination: INSIDE_THEM.ipv4 };
    const packet = inner('ipv4', bytes - IP_UDP_BYTES, { ip });
    const data = new Uint8Array(14 + bytes);
    new DataView(data.buffer).setUint16(12, 0x0800);
    data.set(packet, 14);
    return this.#times('tunnel_inside', () => data);
  }

  /** From the underlay to the device; each packet is a new one. */
  open(bytes) {
    const text = inner('ipv4', bytes - IP_UDP_BYTES);
    return this.#times('tunnel_underlay', () => this.#programs.packet(text, this.#counter++));
  }

  close() {
    this.#programs[Symbol.dispose]();
  }

  /** By a new session each time: keys end. */
  #times(name, packet) {
    const { namespace, dataPath } = this.#programs;
    this.#programs.install();
    const program = dataPath.program(name);
    const packets = Array.from({ length: RUNS }, packet);
    return namespace.run(() =>
      packets.map((data) => {
        const { returnValue, durationNs } = program.testRun({ data });
        if (returnValue !== TC_REDIRECTED)
          throw new Error(`${name} dropped a packet: verdict ${returnValue}`);
        return durationNs;
      }),
    );
  }
}
