import { describe, expect, test } from 'vitest';
import { Program, TcProgram, XdpProgram } from '../src/index.js';
import { emit, frameOf, loadCore } from './support/core-object.js';
import { Netns } from './support/netns.js';
import { pinDirectory } from './support/pins.js';

const code = (code: string) => expect.objectContaining({ code });

describe('a test run', () => {
  test('gives the verdict, the packet and the time', () => {
    using core = loadCore();
    const data = frameOf(100);
    const result = core.programs.core_xdp.testRun({ data, repeat: 1000 });
    expect(result).toMatchObject({ returnValue: 2, data });
    expect(result.durationNs).toBeGreaterThan(0);
    expect(core.variables.packets).toBe(1000n);
  });

  test('gives at most as much of the packet as there is room for', () => {
    using core = loadCore();
    const data = Uint8Array.from({ length: 200 }, (_, i) => i);
    expect(core.programs.core_xdp.testRun({ data, outputSize: 50 }).data).toEqual(data.slice(0, 50));
    expect(core.programs.core_xdp.testRun({ data, outputSize: 0 }).data).toEqual(new Uint8Array());
  });

  test('takes a context: of XDP, of a syscall program, of a raw tracepoint on a CPU', () => {
    using core = loadCore();
    const { core_xdp, core_emit, core_raw_tp } = core.programs;
    const md = new Uint8Array(24);
    new DataView(md.buffer).setUint32(4, 60, true);
    expect(core_xdp.testRun({ data: frameOf(60), context: md }).context).toEqual(md);
    const context = new Uint8Array(Uint32Array.of(2, 40).buffer);
    expect(core_emit.testRun({ context }).context).toEqual(context);
    expect(core.maps.events.take().slice(-1)).toMatchObject([{ sequence: 41n, last: true }]);
    core.variables.watch_pid = process.pid;
    core_raw_tp.testRun({ context: new Uint8Array(16) });
    expect(core.variables.calls).toBe(1n);
    expect(core_raw_tp.testRun({ context: new Uint8Array(16), cpu: 0 }).returnValue).toBe(0);
    expect(() => core_raw_tp.testRun({ context: new Uint8Array(16), cpu: 100_000 })).toThrow(
      code('ERR_SYSCALL'),
    );
  });

  test('of what the program does not take says what was given', () => {
    using core = loadCore();
    const run = () => core.programs.core_xdp.testRun({ data: new Uint8Array(13) });
    expect(run).toThrow(code('ERR_BAD_VALUE'));
    expect(run).toThrow(/program core_xdp.*packet of 13 bytes/);
    expect(() => core.programs.core_emit.testRun({ repeat: 2 })).toThrow(code('ERR_BAD_VALUE'));
  });
});

test('frames are sent through the network', () => {
  using ns = Netns.create();
  Netns.addVeth(ns, ns, ['veth0', 'veth1']);
  using core = loadCore();
  const { core_xdp } = core.programs;
  const receiver = ns.openSocket('veth0');
  const data = new Uint8Array([
    ...new Uint8Array(6).fill(0xff),
    2,
    0,
    0,
    0,
    0,
    9,
    0x88,
    0xb5,
    ...frameOf(50),
  ]);
  ns.run(() => core_xdp.sendFrames({ data, ifindex: ns.indexOf('veth0'), repeat: 20, batchSize: 5 }));
  const isOurs = (frame: Uint8Array) => frame[11] === 9;
  for (let i = 0; i < 20; i++) expect(receiver.receive(1000, isOurs)).toEqual(data);
  expect(core.variables.packets).toBe(20n);
  expect(() => core_xdp.sendFrames({ data, ifindex: 999_999, repeat: 1 })).toThrow(code('ERR_NO_INTERFACE'));
});

describe('a pinned program', () => {
  test('is opened as what it is', () => {
    using pins = pinDirectory();
    const core = loadCore();
    core.programs.core_xdp.pin(`${pins.path}/xdp`);
    core.programs.core_tc.pin(`${pins.path}/tc`);
    const { id } = core.programs.core_xdp.info();
    core.close();
    using xdp = Program.open(`${pins.path}/xdp`);
    using tc = Program.open(`${pins.path}/tc`);
    expect(xdp).toBeInstanceOf(XdpProgram);
    expect(tc).toBeInstanceOf(TcProgram);
    expect(xdp.info()).toMatchObject({ id, name: 'core_xdp', type: 6 });
    expect(xdp.info().tag).toMatch(/^[0-9a-f]{16}$/);
    expect(xdp.testRun({ data: frameOf(60) }).returnValue).toBe(2);
  });

  test('is no map, and a map is no program', () => {
    using pins = pinDirectory();
    using core = loadCore();
    core.maps.live.pin(`${pins.path}/live`);
    expect(() => Program.open(`${pins.path}/live`)).toThrow(code('ERR_INCOMPATIBLE'));
    expect(() => Program.open(`${pins.path}/live`)).toThrow(/is a map, expected a prog/);
    expect(() => Program.open(`${pins.path}/nothing`)).toThrow(code('ERR_NOT_FOUND'));
  });
});

test('an object whose parts are closed one by one goes on with the others', () => {
  using core = loadCore();
  core.maps.live.close();
  core.maps.live.close();
  core.programs.core_xdp_drop.close();
  emit(core, 1);
  expect(core.maps.events.take()).toHaveLength(1);
  expect(core.maps.live.closed).toBe(true);
});
