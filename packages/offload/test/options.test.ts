import { describe, expect, test } from 'vitest';
import { type OffloadOptions, pinsOf, settingsOf, toConfig, withChanges } from '../src/options.js';
import { classOf } from '../src/policy.js';

const OPTIONS: OffloadOptions = { interface: 'eth0', ports: [1] };
const [SHA256, SEAL, VERIFY] = [0, 2, 4];

/** Routes that the fixed rules choose: 0 BPF, 1 user space, 2 hardware. */
function routes(options: Partial<OffloadOptions>, operation: number, sizes: number[], hasHardware = true) {
  const pins = pinsOf(settingsOf({ ...OPTIONS, ...options }), hasHardware);
  return sizes.map((bytes) => pins[classOf(operation, bytes)]! - 1);
}

describe('fixed rules', () => {
  test('small hashes go to BPF, large ones to hardware or user space, what is encrypted and above 1 KiB to hardware', () => {
    const fixed = { policy: 'static' } as const;
    expect(routes(fixed, SHA256, [0, 512, 513, 4096, 4097])).toEqual([0, 0, 1, 1, 2]);
    expect(routes(fixed, SEAL, [1024, 1025])).toEqual([0, 2]);
    expect(routes(fixed, VERIFY, [100])).toEqual([1]);
    expect(routes(fixed, SHA256, [4097], false)).toEqual([1]);
  });

  test('have thresholds, and a preference', () => {
    const fixed = { adaptiveMode: false, smallThreshold: 64, largeThreshold: 1024 };
    expect(routes(fixed, SHA256, [64, 65, 1024, 1025])).toEqual([0, 1, 1, 2]);
    expect(routes({ ...fixed, preferBpfForHash: false }, SHA256, [64])).toEqual([1]);
  });

  test('are off while the service learns', () => {
    expect(routes({ adaptiveMode: true }, SHA256, [64])).toEqual([-1]);
    expect(withChanges(settingsOf({ ...OPTIONS, policy: 'bpf' }), { adaptiveMode: false }).policy).toBe(
      'static',
    );
  });
});

test('without hardware, its queue has no room', () => {
  expect(toConfig(settingsOf(OPTIONS), true).depthMax[2]).toBe(256);
  expect(toConfig(settingsOf(OPTIONS), false).depthMax[2]).toBe(0);
});

test.each([
  [{ smallThreshold: 500 }, 'smallThreshold'],
  [{ largeThreshold: 256 }, 'smallThreshold'],
  [{ hwAvailable: 1 }, 'hwAvailable'],
  [{ preferBpfForHash: 'yes' }, 'preferBpfForHash'],
  [{ policy: 'bpf', adaptiveMode: true }, 'adaptiveMode'],
  [{ clients: [{ id: 2 ** 32 - 1, secret: new Uint8Array(32) }] }, 'clients'],
])('%o is refused by name', (options, name) => {
  expect(() => settingsOf({ ...OPTIONS, ...(options as object) })).toThrow(name);
});
