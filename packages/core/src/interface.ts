import { readFileSync, statSync } from 'node:fs';
import { BpfError } from './errors.js';
import { interfaceExists, interfaceNameToIndex } from './ffi/libc.js';

/** The index of an interface of this network namespace. Throws ERR_NO_INTERFACE. */
export function interfaceIndex(nameOrIndex: string | number): number {
  if (typeof nameOrIndex === 'number') {
    if (interfaceExists(nameOrIndex)) return nameOrIndex;
    const message = `no interface ${nameOrIndex} in this network namespace: see ip link`;
    throw new BpfError('ERR_NO_INTERFACE', message);
  }
  const index = interfaceNameToIndex(nameOrIndex);
  if (index > 0) return index;
  throw new BpfError(
    'ERR_NO_INTERFACE',
    `no interface "${nameOrIndex}" in this network namespace: see ip link`,
  );
}

/** Index to name, of all interfaces of this network namespace. */
export function interfaceNames(): Map<number, string> {
  const lines = readFileSync('/proc/thread-self/net/dev', 'utf8').split('\n').slice(2);
  const names = lines.map((line) => line.slice(0, line.lastIndexOf(':')).trim()).filter(Boolean);
  return new Map(names.map((name) => [interfaceNameToIndex(name), name]));
}

/** What tells this network namespace from others: indexes of interfaces are unique only within it. */
export function networkNamespace(): number {
  return statSync('/proc/thread-self/ns/net').ino;
}
