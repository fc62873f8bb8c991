/* struct bench_value of bpf/test/core_bench.bpf.c, as cryptbpf-gen would write it. */

const FIELDS = [
  'packets',
  'bytes',
  'drops',
  'retries',
  'firstS',
  'lastS',
  'rate',
  'burst',
  'state',
  'reason',
  'difficulty',
  'lifetimeS',
  'port',
  'protocol',
  'cpu',
  'generation',
];

export const valueCodec = {
  size: 64,
  decode: (view, offset) => ({
    packets: view.getUint32(offset, true),
    bytes: view.getUint32(offset + 4, true),
    drops: view.getUint32(offset + 8, true),
    retries: view.getUint32(offset + 12, true),
    firstS: view.getUint32(offset + 16, true),
    lastS: view.getUint32(offset + 20, true),
    rate: view.getUint32(offset + 24, true),
    burst: view.getUint32(offset + 28, true),
    state: view.getUint32(offset + 32, true),
    reason: view.getUint32(offset + 36, true),
    difficulty: view.getUint32(offset + 40, true),
    lifetimeS: view.getUint32(offset + 44, true),
    port: view.getUint32(offset + 48, true),
    protocol: view.getUint32(offset + 52, true),
    cpu: view.getUint32(offset + 56, true),
    generation: view.getUint32(offset + 60, true),
  }),
  encode(view, offset, value) {
    FIELDS.forEach((field, i) => {
      view.setUint32(offset + 4 * i, value[field], true);
    });
  },
};

/** A value of which each field says which key it belongs to. */
export function valueFor(key) {
  return Object.fromEntries(FIELDS.map((field) => [field, key]));
}
