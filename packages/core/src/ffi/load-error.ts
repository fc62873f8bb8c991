import { BpfError, VerifierError } from '../errors.js';
import { errno, errnoName } from './libc.js';

const LOG = /prog '([^']+)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)-- END PROG LOAD LOG --/;

/** The error for a load that failed with result, from what libbpf printed. */
export function loadError(object: string, result: number, printed: string): BpfError {
  const log = LOG.exec(printed);
  if (log) return new VerifierError(log[1]!, log[2]!.trimEnd().split('\n'), -result);
  const text = printed.trim();
  const options = { errno: -result, ...(text ? { cause: new Error(text) } : {}) };
  if (-result === errno.EPERM) {
    const message = `object ${object} cannot be loaded: needs CAP_BPF and CAP_NET_ADMIN, or root`;
    return new BpfError('ERR_PERMISSION', message, options);
  }
  if (text.includes('failed to iterate BTF objects')) {
    const message = `object ${object} cannot be loaded: libbpf before 1.3 looks for optional kernel functions in modules, which needs CAP_SYS_ADMIN`;
    return new BpfError('ERR_PERMISSION', message, options);
  }
  if (/valid kernel BTF|vmlinux BTF/.test(text)) {
    const message = `object ${object} needs the kernel's BTF, which is not there: CONFIG_DEBUG_INFO_BTF is off`;
    return new BpfError('ERR_NO_BTF', message, options);
  }
  const [why = ''] = text.split('\n');
  const message = `object ${object} cannot be loaded: ${errnoName(-result)} ${why}`.trimEnd();
  return new BpfError('ERR_LOAD', message, options);
}
