import { release } from 'node:os';
import { BpfError } from './errors.js';

/** Whether a kernel, as uname -r calls it, is of version minimum ("6.1") or newer. */
export function isKernelAtLeast(minimum: string, running: string = release()): boolean {
  const [major, minor] = numbers(running);
  const [minMajor, minMinor] = numbers(minimum);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}

/** Throws ERR_NOT_SUPPORTED, naming the kernel that what needs. */
export function requireKernel(minimum: string, what: string, running: string = release()): void {
  if (isKernelAtLeast(minimum, running)) return;
  throw new BpfError('ERR_NOT_SUPPORTED', `${what} needs Linux ${minimum} or newer, this is ${running}`);
}

function numbers(version: string): [number, number] {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  return [major, minor];
}
