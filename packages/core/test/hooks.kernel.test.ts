import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import koffi from 'koffi';
import { describe, expect, test } from 'vitest';
import { type HashMap, openLink } from '../src/index.js';
import { openHooksTest } from './hooks_test.gen.js';
import { Netns } from './support/netns.js';
import { objectUrl } from './support/objects.js';
import { pinDirectory } from './support/pins.js';

const code = (code: string) => expect.objectContaining({ code });
const load = () => openHooksTest(objectUrl('hooks_test')).load();
const [XDP_DROP, XDP_PASS, XDP_REDIRECT] = [1, 2, 4];

describe.each(['by_index', 'by_name'] as const)('maps in a map %s', (name) => {
  const keyOf = (key: number) => (name === 'by_index' ? key : BigInt(key)) as never;

  test('are found by programs, replaced, and taken away', () => {
    using object = load();
    const { first, second } = object.maps;
    const outer = object.maps[name];
    const program = object.programs[`hooks_${name}`];
    const run = (key: number) => program.testRun({ data: new Uint8Array(64 + key) }).returnValue;

    expect(outer.get(keyOf(1))).toBeUndefined();
    expect(run(1)).toBe(XDP_DROP);
    outer.set(keyOf(1), first);
    expect(outer.get(keyOf(1))).toBe(first.info().id);
    expect([run(1), run(1), run(2)]).toEqual([XDP_PASS, XDP_PASS, XDP_DROP]);
    outer.set(keyOf(1), second);
    expect(run(1)).toBe(XDP_PASS);
    expect([first.get(0), second.get(0)]).toEqual([2n, 1n]);
    expect([outer.delete(keyOf(1)), outer.delete(keyOf(1))]).toEqual([true, false]);
    expect(run(1)).toBe(XDP_DROP);
  });

  test('stay when their handles are closed', () => {
    using object = load();
    const { first } = object.maps;
    object.maps[name].set(keyOf(3), first);
    first.close();
    expect(object.programs[`hooks_${name}`].testRun({ data: new Uint8Array(67) }).returnValue).toBe(XDP_PASS);
    expect(() => object.maps[name].set(keyOf(3), first)).toThrow(code('ERR_CLOSED'));
  });

  test('are refused where they are of another kind, or where there is no room', () => {
    using object = load();
    const { first, other } = object.maps;
    const outer = object.maps[name];
    expect(() => outer.set(keyOf(0), other as HashMap<number, bigint>)).toThrow(code('ERR_SYSCALL'));
    for (let key = 0; key < 4; key++) outer.set(keyOf(key), first);
    expect(() => outer.set(keyOf(4), first)).toThrow(code('ERR_MAP_FULL'));
    expect(() => outer.set(-1 as never, first)).toThrow(code('ERR_BAD_VALUE'));
  });
});

test('a map of sockets takes AF_XDP sockets, and loses those that are closed', () => {
  using object = load();
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int family, int type, int protocol)');
  const close = libc.func('int close(int fd)');
  const setsockopt = libc.func(
    'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  );
  const [AF_UNIX, AF_XDP, SOCK_RAW, SOL_XDP, XDP_RX_RING] = [1, 44, 3, 283, 2];
  const { sockets } = object.maps;
  const run = () => object.programs.hooks_socket.testRun({ data: new Uint8Array(64) }).returnValue;

  const fd = socket(AF_XDP, SOCK_RAW, 0) as number;
  expect(fd).toBeGreaterThan(0);
  expect(setsockopt(fd, SOL_XDP, XDP_RX_RING, Uint32Array.of(64), 4)).toBe(0);
  expect(run()).toBe(XDP_DROP);
  sockets.set(0, { fd });
  expect(run()).toBe(XDP_REDIRECT);
  expect(() => sockets.get(0)).toThrow(code('ERR_NOT_SUPPORTED'));
  expect(() => sockets.set(2, { fd })).toThrow(code('ERR_MAP_FULL'));
  close(fd);
  expect(run()).toBe(XDP_DROP);

  const stranger = socket(AF_UNIX, SOCK_RAW, 0) as number;
  expect(() => sockets.set(0, { fd: stranger })).toThrow(code('ERR_NOT_SUPPORTED'));
  close(stranger);
});

const hasKprobes = existsSync('/sys/bus/event_source/devices/kprobe');

test('kprobes are there where all is tested', () => {
  expect(hasKprobes || process.env.CRYPTBPF_VM === undefined).toBe(true);
});

if (hasKprobes)
  test('a kprobe sees calls of this process until its link is closed', () => {
    using object = load();
    const { variables, programs } = object;
    variables.watch_pid = process.pid;
    for (const options of [{}, { onReturn: true }]) {
      const before = variables.calls;
      const link = programs.hooks_probe.attachKprobe('do_sys_openat2', options);
      expect(link.kind).toBe('kprobe');
      readFileSync('/proc/self/stat');
      const after = variables.calls;
      expect(after).toBeGreaterThan(before);
      link.close();
      readFileSync('/proc/self/stat');
      expect(variables.calls).toBe(after);
    }
    const attach = () => programs.hooks_probe.attachKprobe('no_such_function');
    expect(attach).toThrow(code('ERR_NOT_FOUND'));
    expect(attach).toThrow(/kprobe no_such_function/);
  });
else
  test('a kernel without kprobes says so', () => {
    using object = load();
    const attach = () => object.programs.hooks_probe.attachKprobe('do_sys_openat2');
    expect(attach).toThrow(code('ERR_NOT_SUPPORTED'));
    expect(attach).toThrow(/CONFIG_KPROBES/);
  });

/** A cgroup of its own, with a command in it that sends a datagram: what it complained of. */
function cgroup() {
  const root = / (\S+) cgroup2 /.exec(readFileSync('/proc/mounts', 'utf8'))![1];
  const path = `${root}/cryptbpf-hooks-${process.pid}`;
  mkdirSync(path);
  const ns = Netns.create();
  return {
    path,
    send: () => {
      const script = `echo $$ > ${path}/cgroup.procs && exec 3<>/dev/udp/127.0.0.1/9 && echo >&3`;
      return ns.run(() => spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stderr);
    },
    [Symbol.dispose]: () => {
      ns[Symbol.dispose]();
      rmdirSync(path);
    },
  };
}

describe('a program of a cgroup', () => {
  for (const [name, hook] of [
    ['hooks_egress', 'egress'],
    ['hooks_connect', 'connect4'],
  ] as const) {
    test(`decides at ${hook}, until its link is closed`, () => {
      using place = cgroup();
      using object = load();
      using link = object.programs[name].attachCgroup(place.path, hook);
      expect(link.info()).toMatchObject({ kind: 'cgroup', programId: object.programs[name].info().id });
      expect(place.send()).toBe('');
      object.variables.allows = 0;
      expect(place.send()).toMatch(/Operation not permitted/);
      if (hook === 'egress') expect(object.variables.packets).toBeGreaterThan(0n);
      link.close();
      expect(place.send()).toBe('');
    });
  }

  test('goes on when it is pinned, and is found again', () => {
    using place = cgroup();
    using pins = pinDirectory();
    using object = load();
    object.variables.allows = 0;
    const link = object.programs.hooks_connect.attachCgroup(place.path, 'connect4');
    link.pin(`${pins.path}/link`);
    link.close();
    expect(place.send()).toMatch(/Operation not permitted/);
    using again = openLink(`${pins.path}/link`);
    expect(again.kind).toBe('cgroup');
    again.detach();
    expect(place.send()).toBe('');
  });

  test('is not attached where no cgroup is, or at another hook', () => {
    using place = cgroup();
    using object = load();
    const { hooks_connect } = object.programs;
    expect(() => hooks_connect.attachCgroup(`${place.path}/nothing`, 'connect4')).toThrow(
      code('ERR_NOT_FOUND'),
    );
    expect(() => hooks_connect.attachCgroup(place.path, 'connect6')).toThrow(code('ERR_SYSCALL'));
  });
});
