import { expect, test } from 'vitest';
import { CoreMode } from './core_test.gen.js';
import { frameOf, loadCore, openCore } from './support/core-object.js';

const code = (code: string) => expect.objectContaining({ code });

test('constants are set before the load, and read-only after it', () => {
  const spec = openCore();
  spec.variable('verdict').set(3);
  spec.variable('limits').set({ packets: 5n, bytes: 6n });
  using core = spec.load();
  expect(core.variables.verdict).toBe(3);
  expect(core.variables.limits).toEqual({ packets: 5n, bytes: 6n });
  expect(core.variables.magic).toEqual(new TextEncoder().encode('coretest'));
  expect(core.variables.mode).toBe(CoreMode.CORE_MODE_COUNT);
  expect(core.programs.core_xdp.testRun({ data: frameOf(60) }).returnValue).toBe(3);
  expect(() => {
    core.variables.verdict = 1;
  }).toThrow(/verdict is constant once loaded: set it before/);
});

test('a view of constants is a copy: writing to it neither crashes nor changes them', () => {
  using core = loadCore();
  const view = core.map('.rodata') as unknown as { view(): DataView };
  const { offset } = core.spec.variable('verdict');
  expect(view.view().getUint32(offset, true)).toBe(2);
  view.view().setUint32(offset, 1, true);
  expect(core.programs.core_xdp.testRun({ data: frameOf(60) }).returnValue).toBe(2);
});

test('variables with a start value have it, and programs see what is written', () => {
  const spec = openCore();
  spec.variable('bias').set(-7);
  using core = spec.load();
  expect(core.variables.threshold).toBe(1n << 40n);
  core.programs.core_xdp.testRun({ data: frameOf(60) });
  core.variables.bias = 12;
  core.programs.core_xdp.testRun({ data: frameOf(60) });
  expect(core.maps.events.take().map(({ bias }) => bias)).toEqual([-7, 12]);
});

test('variables that start at zero are read live, and can be written', () => {
  using core = loadCore();
  expect(core.variables.packets).toBe(0n);
  core.programs.core_xdp.testRun({ data: frameOf(60), repeat: 5 });
  expect(core.variables.packets).toBe(5n);
  expect(core.variables.histogram[0]).toBe(5);
  core.variables.packets = 100n;
  core.programs.core_xdp.testRun({ data: frameOf(60) });
  expect(core.variables.packets).toBe(101n);
});

test('a value that a variable cannot hold leaves the old one', () => {
  using core = loadCore();
  core.variables.histogram = new Array(16).fill(7);
  expect(() => {
    core.variables.histogram = [...new Array(15).fill(1), -1];
  }).toThrow(code('ERR_BAD_VALUE'));
  expect(core.variables.histogram).toEqual(new Array(16).fill(7));
});

test('two loads of one object have variables of their own', () => {
  const spec = openCore();
  using one = spec.load();
  using other = spec.load();
  one.variables.packets = 9n;
  expect(other.variables.packets).toBe(0n);
});

test('an array that can be viewed is seen by programs and by us', () => {
  using core = loadCore();
  const { live, slots } = core.maps;
  const view = live.view();
  expect(view.byteLength).toBe(live.stride * 16);
  core.programs.core_xdp.testRun({ data: frameOf(60), repeat: 3 });
  expect(view.getBigUint64(0, true)).toBe(3n);
  view.setBigUint64(15 * live.stride, 77n, true);
  expect(live.get(15)).toBe(77n);
  expect(live.view()).toBe(view);
  expect(() => slots.view()).toThrow(code('ERR_NOT_SUPPORTED'));
  expect(() => slots.view()).toThrow('map slots cannot be viewed: it was made without BPF_F_MMAPABLE');
});

test('a view stays readable when its map is closed, and cannot be moved elsewhere', () => {
  const core = loadCore();
  core.maps.live.set(2, 5n);
  const view = core.maps.live.view();
  core.close();
  expect(view.getBigUint64(2 * 8, true)).toBe(5n);
  expect(() => core.maps.live.view()).toThrow(code('ERR_CLOSED'));
  const { buffer } = view as unknown as { buffer: ArrayBuffer & { transfer?(): ArrayBuffer } };
  if (buffer.transfer) expect(() => buffer.transfer!()).toThrow(code('ERR_NOT_SUPPORTED'));
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    expect(error).toMatchObject({ name: 'DataCloneError' });
  }
  expect(view.getBigUint64(2 * 8, true)).toBe(5n);
});
