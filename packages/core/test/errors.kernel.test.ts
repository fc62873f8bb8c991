import { describe, expect, test } from 'vitest';
import { BpfError, VerifierError } from '../src/index.js';
import { type ChildOptions, runChild } from './support/children.js';
import { loadCore, openCore } from './support/core-object.js';
import { Netns } from './support/netns.js';

const code = (code: string) => expect.objectContaining({ code });
const load = (options: ChildOptions = {}) => runChild<Record<string, unknown>>('load', options);

test('without CAP_BPF the needed capabilities are named', () => {
  const under = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all', '--ambient-caps', '-all'];
  const result = load({ under });
  expect(result).toMatchObject({ code: 'ERR_PERMISSION' });
  expect(result.message).toMatch(/core_test cannot be loaded: needs CAP_BPF and CAP_NET_ADMIN, or root/);
});

test('without bpffs a pin says what to mount', () => {
  const under = ['unshare', '--mount', 'sh', '-c', 'umount -l /sys/fs/bpf; exec "$0" "$@"'];
  const result = load({ under, args: ['/sys/fs/bpf/nothing/live'] });
  expect(result).toMatchObject({ code: 'ERR_NO_BPFFS' });
  expect(result.message).toMatch(/mount -t bpf bpf \/sys\/fs\/bpf/);
});

describe('a program that the verifier refuses', () => {
  const refused = () => {
    const spec = openCore();
    spec.program('core_xdp_refused').autoload = true;
    try {
      spec.load().close();
    } catch (error) {
      return error as VerifierError;
    }
    throw new Error('it was not refused');
  };

  test('is named, with the reason and the whole log', () => {
    const error = refused();
    expect(error).toBeInstanceOf(VerifierError);
    expect(error).toBeInstanceOf(BpfError);
    expect(error).toMatchObject({ name: 'VerifierError', code: 'ERR_VERIFIER', program: 'core_xdp_refused' });
    expect(error.errno).toBe(13);
    expect(error.summary).toMatch(/invalid access to packet|Access outside bounds: .* is pkt/);
    expect(error.summary).not.toMatch(/processed \d+ insns/);
    expect(error.message).toContain('program core_xdp_refused was refused by the verifier: ');
    expect(error.log.length).toBeGreaterThan(5);
    expect(error.log.join('\n')).toMatch(/invalid access to packet|Access outside bounds/);
  });

  test('leaves nothing behind, and others can be loaded afterwards', () => {
    refused();
    using core = loadCore();
    expect(Object.keys(core.programs)).not.toContain('core_xdp_refused');
  });
});

test('every handle that was closed says so', () => {
  const core = loadCore();
  using ns = Netns.create();
  const { hosts, live, events, chain, recent, cpu_slots } = core.maps;
  const { core_xdp, core_tc, core_tracepoint, core_raw_tp, core_emit } = core.programs;
  const link = ns.run(() => core_xdp.attachXdp('lo'));
  const tc = ns.run(() => core_tc.attachTc('lo', 'ingress', { force: 'clsact' }));
  ns.run(() => tc.close());
  link.close();
  core.close();
  core.close();
  const uses: [string, () => unknown][] = [
    ['map hosts', () => hosts.get({ address: new Uint8Array(16), port: 1, protocol: 2 })],
    ['map hosts', () => hosts.info()],
    ['map recent', () => recent.set(1, 1n)],
    ['map recent', () => recent.delete(1)],
    ['map recent', () => [...recent]],
    ['map recent', () => recent.getBatch()],
    ['map recent', () => recent.setBatch([[1, 1n]])],
    ['map recent', () => recent.deleteBatch([1])],
    ['map recent', () => recent.pin('/sys/fs/bpf/closed')],
    ['map cpu_slots', () => cpu_slots.at(0)],
    ['map live', () => live.view()],
    ['map chain', () => chain.get(0)],
    ['map chain', () => chain.delete(0)],
    ['map events', () => events.take()],
    ['map events', () => events.drain(() => {})],
    ['map events', () => events.events()],
    ['map events', () => events.on(() => {})],
    ['program core_xdp', () => core_xdp.testRun({ data: new Uint8Array(60) })],
    ['program core_xdp', () => core_xdp.attachXdp('lo')],
    ['program core_xdp', () => core_xdp.info()],
    ['program core_tc', () => core_tc.attachTc('lo', 'ingress')],
    ['program core_tc', () => core_tc.attachTc('lo', 'ingress', { force: 'clsact' })],
    ['program core_tracepoint', () => core_tracepoint.attachTracepoint('syscalls', 'sys_enter_getppid')],
    ['program core_raw_tp', () => core_raw_tp.attachRawTracepoint('sys_enter')],
    ['program core_emit', () => core_emit.testRun()],
    ['xdp link', () => link.info()],
    ['xdp link', () => link.update(core_xdp)],
    ['xdp link', () => link.pin('/sys/fs/bpf/closed')],
    ['xdp link', () => link.detach()],
    ['clsact link', () => tc.info()],
    ['clsact link', () => tc.update(core_tc)],
    ['clsact link', () => tc.pin('/sys/fs/bpf/closed')],
    ['clsact link', () => tc.detach()],
    ['map', () => core.variables.packets],
  ];
  for (const [title, use] of uses) {
    expect(use).toThrow(code('ERR_CLOSED'));
    expect(use).toThrow(title);
  }
});
