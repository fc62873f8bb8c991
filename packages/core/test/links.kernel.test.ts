import { release } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Link, openLink } from '../src/index.js';
import { frameOf, loadCore } from './support/core-object.js';
import { Netns } from './support/netns.js';
import { pinDirectory } from './support/pins.js';
import { mountTracefs } from './support/tracefs.js';
import { until } from './support/until.js';

const code = (code: string) => expect.objectContaining({ code });

/** Two interfaces in one namespace; frames sent by the first come in by the second. */
function wire() {
  const ns = Netns.create();
  Netns.addVeth(ns, ns, ['wire0', 'wire1']);
  const socket = ns.openSocket('wire0');
  return {
    ns,
    ifindex: ns.indexOf('wire1'),
    send: (count = 1) => {
      for (let i = 0; i < count; i++) socket.send(frameOf(60));
    },
    [Symbol.dispose]: () => ns[Symbol.dispose](),
  };
}

/** Emulated, each takes long: there what auto comes to is enough. */
const MODES = process.env.CRYPTBPF_VM
  ? (['auto', 'generic'] as const)
  : (['auto', 'native', 'generic'] as const);

describe('an XDP program', () => {
  for (const mode of MODES) {
    test(`is attached in mode ${mode}, and gone when its link is closed`, () => {
      using to = wire();
      using core = loadCore();
      const link = to.ns.run(() => core.programs.core_xdp.attachXdp('wire1', { mode }));
      expect(link.info()).toEqual({
        kind: 'xdp',
        programId: core.programs.core_xdp.info().id,
        ifindex: to.ifindex,
      });
      expect(to.ns.ip('link', 'show', 'wire1')).toMatch(mode === 'generic' ? /xdpgeneric/ : /xdp\b/);
      const before = core.variables.packets;
      to.send(3);
      expect(until(() => core.variables.packets - before >= 3n)).toBe(true);
      link.close();
      expect(to.ns.ip('link', 'show', 'wire1')).not.toMatch(/xdp/);
      expect(() => link.info()).toThrow(code('ERR_CLOSED'));
    });
  }

  test('is not attached where another one is, or where no interface is', () => {
    using to = wire();
    using core = loadCore();
    const { core_xdp, core_xdp_drop } = core.programs;
    using _ = to.ns.run(() => core_xdp.attachXdp('wire1'));
    const attach = (name: string | number) => to.ns.run(() => core_xdp_drop.attachXdp(name));
    expect(() => attach('wire1')).toThrow(code('ERR_BUSY'));
    expect(() => attach('wire1')).toThrow(/interface wire1 has another XDP program/);
    expect(() => attach('eth999')).toThrow(code('ERR_NO_INTERFACE'));
    expect(() => attach('eth999')).toThrow(/no interface "eth999"/);
    for (const index of [999_999, 0, -1, 1.5]) expect(() => attach(index)).toThrow(code('ERR_NO_INTERFACE'));
  });

  test('is not offloaded to a device that cannot', () => {
    using to = wire();
    using core = loadCore();
    expect(() => to.ns.run(() => core.programs.core_xdp.attachXdp('wire1', { mode: 'offload' }))).toThrow(
      /interface wire1 has no offload mode|EINVAL/,
    );
  });

  test('is replaced in place, and detached for all', () => {
    using to = wire();
    using core = loadCore();
    const { core_xdp, core_xdp_drop } = core.programs;
    const link = to.ns.run(() => core_xdp.attachXdp('wire1'));
    link.update(core_xdp_drop);
    expect(link.info().programId).toBe(core_xdp_drop.info().id);
    link.detach();
    expect(to.ns.ip('link', 'show', 'wire1')).not.toMatch(/xdp/);
  });

  test('is off an interface that is gone, and its link says so', () => {
    using to = wire();
    using core = loadCore();
    using link = to.ns.run(() => core.programs.core_xdp.attachXdp('wire1'));
    to.ns.ip('link', 'delete', 'wire1');
    expect(link.info().ifindex).toBe(0);
    link.detach();
  });
});

describe('a tc program', () => {
  for (const [force, kind] of [
    [undefined, 'tcx'],
    ['clsact', 'clsact'],
  ] as const) {
    for (const direction of ['ingress', 'egress'] as const) {
      test(`is attached by ${kind} to ${direction}, replaced in place, and gone with its link`, () => {
        using to = wire();
        using core = loadCore();
        using other = loadCore();
        const name = direction === 'ingress' ? 'wire1' : 'wire0';
        const count = (object: typeof core) => Number(object.maps.live.at(2));
        const options = force ? { force } : {};
        to.ns.run(() => {
          const link = core.programs.core_tc.attachTc(name, direction, options);
          if (force || hasTcx()) expect(link.kind).toBe(kind);
          expect(link.info()).toMatchObject({
            programId: core.programs.core_tc.info().id,
            ifindex: to.ns.indexOf(name),
          });
          to.send(2);
          expect(until(() => count(core) >= 2)).toBe(true);
          link.update(other.programs.core_tc);
          to.send(2);
          expect(until(() => count(other) >= 2)).toBe(true);
          link.close();
          link.close();
          const before = count(core) + count(other);
          to.send(2);
          expect(count(core) + count(other)).toBe(before);
          expect(() => link.info()).toThrow(code('ERR_CLOSED'));
        });
      });
    }
  }

  test('is not attached where no interface is', () => {
    using to = wire();
    using core = loadCore();
    for (const options of [{}, { force: 'clsact' as const }]) {
      const attach = (name: string | number) =>
        to.ns.run(() => core.programs.core_tc.attachTc(name, 'ingress', options));
      expect(() => attach('eth999')).toThrow(code('ERR_NO_INTERFACE'));
      expect(() => attach(999_999)).toThrow(/999999/);
    }
  });

  test('of a clsact filter is left alone from another network namespace', () => {
    using to = wire();
    using core = loadCore();
    const link = to.ns.run(() => core.programs.core_tc.attachTc('wire1', 'ingress', { force: 'clsact' }));
    for (const act of [() => link.info(), () => link.close(), () => link.detach()]) {
      expect(act).toThrow(code('ERR_NO_INTERFACE'));
      expect(act).toThrow(/in another network namespace: enter it first/);
    }
    to.ns.run(() => link.close());
  });
});

function hasTcx(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 6);
}

describe('tracepoints', () => {
  beforeAll(mountTracefs);

  const attachments: [string, (core: ReturnType<typeof loadCore>) => Link][] = [
    ['tracepoint', (core) => core.programs.core_tracepoint.attachTracepoint('syscalls', 'sys_enter_getppid')],
    ['raw_tracepoint', (core) => core.programs.core_raw_tp.attachRawTracepoint('sys_enter')],
  ];
  for (const [kind, attach] of attachments) {
    test(`a ${kind} program sees calls of this process until its link is detached`, () => {
      using core = loadCore();
      core.variables.watch_pid = process.pid;
      const link = attach(core);
      expect(link.info()).toMatchObject({ kind, ifindex: 0 });
      void process.ppid;
      expect(core.variables.calls).toBeGreaterThan(0n);
      expect(() => link.update(core.programs.core_xdp)).toThrow(code('ERR_NOT_SUPPORTED'));
      link.detach();
      const { calls } = core.variables;
      void process.ppid;
      expect(core.variables.calls).toBe(calls);
    });
  }

  test('that do not exist are named', () => {
    using core = loadCore();
    const { core_tracepoint, core_raw_tp } = core.programs;
    expect(() => core_tracepoint.attachTracepoint('syscalls', 'sys_enter_nothing')).toThrow(
      'attach: no tracepoint syscalls/sys_enter_nothing',
    );
    expect(() => core_raw_tp.attachRawTracepoint('nothing')).toThrow('attach: no raw tracepoint "nothing"');
  });
});

test('openLink refuses what is no link', () => {
  using pins = pinDirectory();
  using core = loadCore();
  core.maps.live.pin(`${pins.path}/live`);
  core.programs.core_xdp.pin(`${pins.path}/program`);
  expect(() => openLink(`${pins.path}/live`)).toThrow(code('ERR_INCOMPATIBLE'));
  expect(() => openLink(`${pins.path}/program`)).toThrow(/is a prog, expected a link or map/);
  expect(() => openLink(`${pins.path}/nothing`)).toThrow(code('ERR_NOT_FOUND'));
});
