import { closeSync } from 'node:fs';
import { bpf, bpfError, Command, check, infoOf, Memory } from '../ffi/bpf.js';
import { errno } from '../ffi/libc.js';
import { programInfo } from '../program.js';

/** What the kernel has measured of a program. */
export interface ProgramRuns {
  readonly program: string;
  readonly count: bigint;
  readonly seconds: number;
}

const INFO_BYTES = 216;
const MAP_IDS_MAX = 64;
const mapIds = new Memory(4 * MAP_IDS_MAX);

/** Runs of all programs of the machine, by the ids of the maps that they use. Empty without CAP_SYS_ADMIN, which it needs. */
export function runsByMap(): Map<number, ProgramRuns[]> {
  const found = new Map<number, ProgramRuns[]>();
  for (const id of programIds()) {
    const fd = withId(Command.PROG_GET_FD_BY_ID, id);
    if (fd < 0) continue; // gone
    try {
      const { name: program, runCount: count, runTimeNs } = programInfo(`program ${id}`, fd);
      const runs = { program, count, seconds: Number(runTimeNs) / 1e9 };
      for (const map of mapsOf(id, fd)) found.set(map, [...(found.get(map) ?? []), runs]);
    } finally {
      closeSync(fd);
    }
  }
  return found;
}

/** Until it is closed, the kernel measures runs of all programs, which costs each some 20 ns. Needs CAP_SYS_ADMIN. 5.8+. */
export function measureRuns(): Disposable {
  const runTime = 0;
  const fd = bpf(Command.ENABLE_STATS, 4, (view) => view.setUint32(0, runTime, true));
  check('measuring runs of programs', fd);
  return { [Symbol.dispose]: () => closeSync(fd) };
}

function* programIds(): Generator<number> {
  for (let id = 0; ; ) {
    const result = bpf(
      Command.PROG_GET_NEXT_ID,
      12,
      (view) => view.setUint32(0, id, true),
      (view) => {
        id = view.getUint32(4, true);
      },
    );
    if (result === -errno.ENOENT || result === -errno.EPERM) return;
    if (result < 0) throw bpfError('listing programs', result);
    yield id;
  }
}

const withId = (command: number, id: number) => bpf(command, 12, (view) => view.setUint32(0, id, true));

function mapsOf(id: number, fd: number): number[] {
  const info = infoOf(`program ${id}`, fd, INFO_BYTES, (view) => {
    view.setUint32(52, MAP_IDS_MAX, true);
    view.setBigUint64(56, mapIds.address, true);
  });
  const count = Math.min(info.getUint32(52, true), MAP_IDS_MAX);
  return Array.from({ length: count }, (_, i) => mapIds.view.getUint32(4 * i, true));
}
