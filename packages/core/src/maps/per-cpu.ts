import type { Codec } from '../codec.js';
import { possibleCpus } from '../cpus.js';
import { BpfError } from '../errors.js';
import { align8 } from './elements.js';

/** One value for each possible CPU, each at a multiple of 8 bytes. */
export function perCpuCodec<V>(value: Codec<V>, title: string): Codec<V[]> {
  const stride = align8(value.size);
  const cpus = possibleCpus();
  return {
    size: stride * cpus,
    decode: (view, offset) =>
      Array.from({ length: cpus }, (_, cpu) => value.decode(view, offset + cpu * stride)),
    encode(view, offset, values) {
      if (!Array.isArray(values) || values.length !== cpus) {
        const message = `${title}: expected an array of values, one for each of ${cpus} possible CPUs`;
        throw new BpfError('ERR_BAD_VALUE', message);
      }
      for (const [cpu, item] of values.entries()) value.encode(view, offset + cpu * stride, item);
    },
  };
}
