import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { BpfError } from '@cryptbpf/core';
import { pemBlocks } from './client/pem.js';

/** PEM with any number of blocks, DER, a certificate of node:crypto, or a file of PEM or DER, which is watched. */
export type CertificateSource = string | URL | Uint8Array | X509Certificate;
/** The same of lists of revoked certificates. */
export type CrlSource = string | URL | Uint8Array;

type Label = 'CERTIFICATE' | 'X509 CRL';

/** DER of everything in the sources. Throws ERR_BAD_VALUE, ERR_NOT_FOUND. */
export function readSources(sources: readonly (CertificateSource | CrlSource)[], label: Label): Uint8Array[] {
  return sources.flatMap((source) => readSource(source, label));
}

/** The files among them. */
export function filesOf(sources: readonly (CertificateSource | CrlSource)[]): (string | URL)[] {
  return sources.filter((source) => isFile(source));
}

/** Changes with the contents of the files, or when one goes or comes. */
export function stampOf(files: readonly (string | URL)[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
      return stat ? `${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}` : 'none';
    })
    .join();
}

function isFile(source: CertificateSource | CrlSource): source is string | URL {
  return source instanceof URL || (typeof source === 'string' && !source.includes('-----BEGIN'));
}

function readSource(source: CertificateSource | CrlSource, label: Label): Uint8Array[] {
  if (source instanceof X509Certificate) return [new Uint8Array(source.raw)];
  if (source instanceof Uint8Array) return readBytes(source, label, 'bytes');
  if (isFile(source)) return readBytes(readFile(source), label, String(source));
  return readText(source, label, 'text');
}

function readFile(file: string | URL): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new BpfError('ERR_NOT_FOUND', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function readBytes(bytes: Uint8Array, label: Label, name: string): Uint8Array[] {
  const text = Buffer.from(bytes).toString('latin1');
  return text.includes('-----BEGIN') ? readText(text, label, name) : [bytes];
}

function readText(text: string, label: Label, name: string): Uint8Array[] {
  const blocks = pemBlocks(text, label);
  if (blocks.length > 0) return blocks;
  throw new BpfError('ERR_BAD_VALUE', `${name} has no "BEGIN ${label}"`);
}
