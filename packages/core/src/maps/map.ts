import { BpfError } from '../errors.js';
import { infoOf, nameIn } from '../ffi/bpf.js';
import { Handle } from '../handle.js';
import { type MapType, mapTypeOf } from '../kinds.js';
import { pinFd } from '../pin.js';
import type { MapSpec } from '../spec.js';

/** What the kernel says of a map; sizes in bytes, for one CPU. */
export interface MapInfo {
  readonly type: MapType;
  readonly id: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly name: string;
}

const INFO_BYTES = 40;
const NAME_BYTES = 16;

export function mapInfo(title: string, fd: number): MapInfo {
  const view = infoOf(title, fd, INFO_BYTES);
  const word = (offset: number) => view.getUint32(offset, true);
  return {
    type: mapTypeOf(word(0)),
    id: word(4),
    keySize: word(8),
    valueSize: word(12),
    maxEntries: word(16),
    flags: word(20),
    name: nameIn(view, 24, NAME_BYTES),
  };
}

/** A map in the kernel. */
export abstract class BpfMap extends Handle {
  readonly name: string;
  readonly spec: MapSpec;
  readonly maxEntries: number;

  constructor(spec: MapSpec, fd: number) {
    super(fd);
    this.name = spec.name;
    this.spec = spec;
    const info = mapInfo(`map ${spec.name}`, fd);
    checkFits(spec, info);
    this.maxEntries = info.maxEntries;
  }

  get title(): string {
    return `map ${this.name}`;
  }

  info(): MapInfo {
    return mapInfo(this.title, this.fd);
  }

  /** Gives it a name in bpffs, by which it lives on without us. Throws ERR_EXISTS, ERR_NO_BPFFS. */
  pin(path: string): void {
    pinFd(this.title, this.fd, path);
  }
}

/** The kernel reads and writes keys and values by its own sizes, whatever ours are. */
function checkFits(spec: MapSpec, info: MapInfo): void {
  for (const field of ['type', 'keySize', 'valueSize'] as const) {
    if (info[field] === spec[field]) continue;
    const message = `map ${spec.name} needs ${field} ${spec[field]}, the one in the kernel has ${info[field]}`;
    throw new BpfError('ERR_INCOMPATIBLE', message);
  }
}
