import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { type Finding, textAt } from './finding.js';

/** What the kernel has to be built with, and what wants it. */
const OPTIONS = {
  CONFIG_BPF_SYSCALL: 'all features',
  CONFIG_BPF_JIT: 'all features, to be fast',
  CONFIG_DEBUG_INFO_BTF: 'all features',
  CONFIG_NET_CLS_ACT: 'zkp, pki, tunnel, and cas on the way out',
  CONFIG_VETH: 'tunnel',
  CONFIG_CRYPTO_AES: 'tunnel, suite aes-256-gcm',
  CONFIG_CRYPTO_ECB: 'tunnel, suite aes-256-gcm',
  CONFIG_FUNCTION_TRACER: 'logger, events accept, credentials and bpf',
} as const;

export function configFindings(): Finding[] {
  const text = kernelConfig();
  if (text === undefined) {
    const detail = `neither /proc/config.gz nor /boot/config-${release()} can be read`;
    return [{ what: 'kernel configuration', state: 'unknown', detail }];
  }
  return Object.entries(OPTIONS).map(([what, wants]) => {
    const [, value] = new RegExp(`^${what}=(\\w+)`, 'm').exec(text) ?? [];
    return value === undefined
      ? { what, state: 'missing', detail: `for ${wants}`, fix: `boot a kernel built with ${what}` }
      : { what, state: 'ok', detail: value === 'm' ? `as a module, for ${wants}` : `for ${wants}` };
  });
}

function kernelConfig(): string | undefined {
  try {
    return gunzipSync(readFileSync('/proc/config.gz')).toString();
  } catch {
    return textAt(`/boot/config-${release()}`);
  }
}
