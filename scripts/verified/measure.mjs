import { readdirSync, readFileSync } from 'node:fs';
import { features, openObject } from '@cryptbpf/core';

const ROOT = new URL('../../', import.meta.url);
const SOURCES = ['bpf/', 'bpf/test/'];
const SUFFIX = '.bpf.c';
/** Functions that objects cannot do without. */
const NEEDS = {
  aes_gcm_test: 'kfunc:bpf_crypto_encrypt',
  aes_gcm_bench: 'kfunc:bpf_crypto_encrypt',
  tunnel_aes: 'kfunc:bpf_crypto_encrypt',
};

/**
 * What the running kernel makes of each object: [{object, loadMs, programs: [{program, verified}]}]; none where it lacks
 * what the object needs.
 */
export function measureAll({ loads = 1 } = {}) {
  return objectNames().map((name) =>
    isLoadable(name) ? measure(name, loads) : { object: name, programs: [] },
  );
}

function isLoadable(name) {
  return !NEEDS[name] || features.probe(NEEDS[name]).availability === 'yes';
}

/** Of the sources, as build/bpf may have objects of others. */
function objectNames() {
  const files = SOURCES.flatMap((folder) => readdirSync(new URL(folder, ROOT)));
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

/** The best of some loads: parsing, relocation, maps and verification of all programs, as a controller waits for it. */
function measure(name, loads) {
  const spec = openObject(new URL(`build/bpf/${name}.bpf.o`, ROOT));
  const times = [];
  let programs = [];
  for (let i = 0; i < loads; i++) {
    const start = performance.now();
    const object = spec.load();
    times.push(performance.now() - start);
    programs = Object.values(object.programs).map((program) => ({
      program: program.name,
      verified: verifiedInstructions(program),
    }));
    object.close();
  }
  return { object: name, loadMs: Math.min(...times), programs };
}

/** Linux 5.16+ */
function verifiedInstructions({ name, fd }) {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const [, count] = /^verified_insns:\s*(\d+)$/m.exec(info) ?? [];
  if (count === undefined) throw new Error(`the kernel does not say how much of ${name} it verified`);
  return Number(count);
}
