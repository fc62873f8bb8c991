import { readdirSync, readFileSync } from 'node:fs';

/*
 * The functions of the running kernel, by the BTF of it and of its modules: https://docs.kernel.org/bpf/btf.html. The
 * kernel's has 10^5 types: they are stepped over, not decoded.
 */

const FOLDER = '/sys/kernel/btf';
const KERNEL = 'vmlinux';

/** Returns the path of the BTF that has a function of that name. Throws what readFileSync throws without BTF. */
export function findKernelFunction(name: string): string | undefined {
  const kernel = open(KERNEL);
  const inKernel = offsetOf(name, kernel.strings);
  if (inKernel !== undefined && hasFunction(kernel.types, [inKernel])) return `${FOLDER}/${KERNEL}`;
  // The strings of a module's BTF go on from the kernel's.
  for (const module of readdirSync(FOLDER)) {
    if (module === KERNEL) continue;
    const { types, strings } = open(module);
    const inModule = offsetOf(name, strings);
    const names = [inKernel, inModule === undefined ? undefined : kernel.strings.length + inModule];
    if (hasFunction(types, names)) return `${FOLDER}/${module}`;
  }
  return undefined;
}

/** A module's strings begin with one of them, the kernel's with an empty one. */
function offsetOf(name: string, strings: Buffer): number | undefined {
  const text = Buffer.from(`${name}\0`);
  if (strings.subarray(0, text.length).equals(text)) return 0;
  const before = strings.indexOf(`\0${name}\0`);
  return before < 0 ? undefined : before + 1;
}

function open(name: string): { types: DataView; strings: Buffer } {
  const file = readFileSync(`${FOLDER}/${name}`);
  const start = file.readUInt32LE(4);
  const part = (offset: number, length: number) => file.subarray(start + offset, start + offset + length);
  const types = part(file.readUInt32LE(8), file.readUInt32LE(12));
  return {
    types: new DataView(types.buffer, types.byteOffset, types.length),
    strings: part(file.readUInt32LE(16), file.readUInt32LE(20)),
  };
}

const HEADER = 12;
const FUNC = 12;
/** By number of the kind: the bytes that follow the header, and those of each member. */
const FOLLOWING: Readonly<Record<number, readonly [number, number]>> = {
  1: [4, 0], // int
  3: [12, 0], // array
  4: [0, 12], // struct
  5: [0, 12], // union
  6: [0, 8], // enum
  13: [0, 8], // func_proto
  14: [4, 0], // var
  15: [0, 12], // datasec
  17: [4, 0], // decl_tag
  19: [0, 12], // enum64
};

/** Whether one of the types is a function whose name is at one of these offsets. */
function hasFunction(types: DataView, names: readonly (number | undefined)[]): boolean {
  for (let at = 0; at + HEADER <= types.byteLength; ) {
    const info = types.getUint32(at + 4, true);
    const kind = (info >>> 24) & 0x1f;
    if (kind === FUNC && names.includes(types.getUint32(at, true))) return true;
    const [once, each] = FOLLOWING[kind] ?? [0, 0];
    at += HEADER + once + each * (info & 0xffff);
  }
  return false;
}
