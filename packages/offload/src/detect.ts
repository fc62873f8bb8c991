import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What this machine has for cryptography. Nothing of it is used for being there. */
export interface DetectedHardware {
  /** Instructions: 'aes', 'vaes', 'pclmulqdq', 'sha_ni', on arm64 'aes', 'sha2'. */
  readonly cpu: readonly string[];
  /** The kernel's implementations, as /proc/crypto has them; those of a card have its name in the driver's. */
  readonly kernel: readonly KernelCipher[];
  /** Devices of accelerators: '/dev/qat_adf_ctl', '/dev/uacce…', a TPM. */
  readonly devices: readonly string[];
}

export interface KernelCipher {
  readonly name: string;
  readonly driver: string;
  readonly priority: number;
  /** Whether it works in the background, as cards do. */
  readonly isAsync: boolean;
}

const CPU_FLAGS = ['aes', 'vaes', 'pclmulqdq', 'vpclmulqdq', 'sha_ni', 'pmull', 'sha1', 'sha2', 'sha512'];
const DEVICES = /^(qat_|uacce|hisi_|crypto|ccp|sev$|tpm|nitro_enclaves|cryptodev)/;

/** Reads /proc/cpuinfo, /proc/crypto and /dev; what is not there counts as empty. */
export function detectHardware(): DetectedHardware {
  return {
    cpu: cpuFlags(read('/proc/cpuinfo')),
    kernel: kernelCiphers(read('/proc/crypto')),
    devices: existsSync('/dev')
      ? readdirSync('/dev')
          .filter((name) => DEVICES.test(name))
          .map((name) => `/dev/${name}`)
      : [],
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function cpuFlags(cpuinfo: string): string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return CPU_FLAGS.filter((flag) => flags.has(flag));
}

export function kernelCiphers(crypto: string): KernelCipher[] {
  const blocks = crypto.split(/\n\n+/).map((block) => new Map(block.split('\n').map(fieldOf)));
  return blocks
    .filter((fields) => fields.has('name') && fields.has('driver'))
    .map((fields) => ({
      name: fields.get('name')!,
      driver: fields.get('driver')!,
      priority: Number(fields.get('priority') ?? 0),
      isAsync: fields.get('async') === 'yes',
    }));
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
