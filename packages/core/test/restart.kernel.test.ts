import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ArrayMap, openLink, openMap } from '../src/index.js';
import { runChild, startChild } from './support/children.js';
import { frameOf, loadCore, openCore } from './support/core-object.js';
import { Netns } from './support/netns.js';
import { pinDirectory } from './support/pins.js';
import { until } from './support/until.js';

const code = (code: string) => expect.objectContaining({ code });

function openLive(path: string): ArrayMap<bigint> {
  return openMap(path, openCore().map('live')) as ArrayMap<bigint>;
}

describe('what a killed process had pinned', () => {
  /* Emulated, each takes long; links are the same everywhere, what kernels differ in is clsact. */
  const kinds = process.env.CRYPTBPF_VM ? (['clsact'] as const) : (['xdp', 'tcx', 'clsact'] as const);
  for (const kind of kinds) {
    test(`goes on: ${kind}, is replaced in place by another process, and removed by a third`, async () => {
      using pins = pinDirectory();
      using ns = Netns.create();
      Netns.addVeth(ns, ns, ['wire0', 'wire1']);
      const socket = ns.openSocket('wire0');
      const under = ['nsenter', `--net=/run/netns/${ns.name}`];
      const slot = kind === 'xdp' ? 0 : 2;

      const child = await startChild('hold', { args: [kind, 'wire1', pins.path], under });
      child.kill('SIGKILL');
      await once(child, 'exit');
      using live = openLive(`${pins.path}/live`);
      const count = () => live.at(slot);
      const before = count();
      socket.send(frameOf(60));
      expect(until(() => count() > before)).toBe(true);

      const { programId } = ns.run(() => inspect(pins.path));
      expect(runChild('hold', { args: ['replace', '', pins.path], under })).toBe('replaced');
      using live2 = openLive(`${pins.path}/live2`);
      const replaced = ns.run(() => inspect(pins.path));
      expect(replaced.programId).not.toBe(programId);
      expect(replaced.ifindex).toBe(ns.indexOf('wire1'));
      const [old, fresh] = [count(), live2.at(slot)];
      socket.send(frameOf(60));
      expect(until(() => live2.at(slot) > fresh)).toBe(true);
      expect(count()).toBe(old);

      expect(runChild('hold', { args: ['remove', '', pins.path], under })).toBe('removed');
      const last = live2.at(slot);
      socket.send(frameOf(60));
      expect(live2.at(slot)).toBe(last);
      expect(existsSync(`${pins.path}/link`)).toBe(false);
    });
  }
});

function inspect(directory: string) {
  using link = openLink(`${directory}/link`);
  return link.info();
}

describe('a pinned map', () => {
  test('is opened again with what is in it, and reused by an object', () => {
    using pins = pinDirectory();
    const first = loadCore();
    first.maps.live.set(3, 33n);
    first.maps.live.pin(`${pins.path}/live`);
    expect(() => first.maps.slots.pin(`${pins.path}/live`)).toThrow(code('ERR_EXISTS'));
    first.close();
    using live = openLive(`${pins.path}/live`);
    expect(live.get(3)).toBe(33n);
    for (const reuse of [{ live: `${pins.path}/live` }, { live }]) {
      using again = openCore().load({ reuse });
      again.programs.core_xdp.testRun({ data: frameOf(60) });
      expect(again.maps.live.get(3)).toBe(33n);
    }
    expect(live.get(0)).toBe(2n);
    expect(live.closed).toBe(false);
  });

  test('that is not what it should be is refused, whoever brings it', () => {
    using pins = pinDirectory();
    using core = loadCore();
    core.maps.slots.pin(`${pins.path}/slots`);
    core.programs.core_xdp.pin(`${pins.path}/program`);
    const attempts: (() => unknown)[] = [
      () => openLive(`${pins.path}/slots`),
      () => openLive(`${pins.path}/program`),
      () => openCore().load({ reuse: { live: `${pins.path}/slots` } }),
      () => openCore().load({ reuse: { live: core.maps.slots } }),
      () => openCore().load({ reuse: { hosts: core.maps.recent } }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(code('ERR_INCOMPATIBLE'));
    expect(attempts[0]).toThrow('map live needs valueSize 8, the one in the kernel has 104');
    expect(() => openLive(`${pins.path}/nothing`)).toThrow(code('ERR_NOT_FOUND'));
    expect(() => openLive('relative/path')).toThrow(code('ERR_BAD_OPTION'));
    expect(() => openCore().load({ reuse: { nothing: core.maps.live } as never })).toThrow(
      code('ERR_NOT_FOUND'),
    );
  });

  test('needs a name without dots, on bpffs', () => {
    using pins = pinDirectory();
    using core = loadCore();
    expect(() => core.maps.live.pin(`${pins.path}/a.b`)).toThrow(code('ERR_BAD_OPTION'));
    expect(() => core.maps.live.pin(`${pins.path}/a.b/c`)).toThrow(code('ERR_BAD_OPTION'));
    expect(() => core.maps.live.pin('/tmp/live')).toThrow(code('ERR_NO_BPFFS'));
    expect(() => core.maps.live.pin('/tmp/live')).toThrow(/mount -t bpf bpf \/sys\/fs\/bpf/);
  });
});

test('a pinned link stays when its handle is closed, and goes when it is unpinned', () => {
  using pins = pinDirectory();
  using ns = Netns.create();
  Netns.addVeth(ns, ns, ['wire0', 'wire1']);
  using core = loadCore();
  ns.run(() => {
    for (const attach of [
      () => core.programs.core_xdp.attachXdp('wire1'),
      () => core.programs.core_tc.attachTc('wire1', 'ingress'),
      () => core.programs.core_tc.attachTc('wire1', 'ingress', { force: 'clsact' }),
    ]) {
      const link = attach();
      link.pin(`${pins.path}/link`);
      link.close();
      const again = openLink(`${pins.path}/link`);
      expect(again.kind).toBe(link.kind);
      expect(again.info().ifindex).toBe(ns.indexOf('wire1'));
      again.unpin();
      again.close();
      expect(existsSync(`${pins.path}/link`)).toBe(false);
    }
    expect(ns.ip('link', 'show', 'dev', 'wire1')).not.toMatch(/xdp/);
    expect(ns.exec('tc', 'filter', 'show', 'dev', 'wire1', 'ingress').trim()).toBe('');
  });
});

test('a clsact filter that a stranger put where ours had been is not taken for ours', () => {
  using pins = pinDirectory();
  using ns = Netns.create();
  Netns.addVeth(ns, ns, ['wire0', 'wire1']);
  using core = loadCore();
  using other = loadCore();
  ns.run(() => {
    const ours = core.programs.core_tc.attachTc('wire1', 'ingress', { force: 'clsact' });
    ours.pin(`${pins.path}/link`);
    ours.close();
    ns.exec('tc', 'qdisc', 'delete', 'dev', 'wire1', 'clsact');
    using theirs = other.programs.core_tc.attachTc('wire1', 'ingress', { force: 'clsact' });
    const again = openLink(`${pins.path}/link`);
    expect(again.info()).toEqual({ kind: 'clsact', programId: 0, ifindex: 0 });
    expect(() => again.update(core.programs.core_tc)).toThrow(
      /clsact filter of interface \d+ is not there any more/,
    );
    again.detach();
    expect(theirs.info().programId).toBe(other.programs.core_tc.info().id);
  });
});
