import { isIP } from 'node:net';
import { BpfError, type LpmTrie } from '@cryptbpf/core';
import { addressBytes } from '@cryptbpf/core/gate-client';
import { type PkiName, PkiNameKind } from './pki.gen.js';

/* The operator's rule about subject alternative names, as the trie of the program has it: bpf/lib/pki_names.h. */

const NAME_BYTES = 250;
const TEXT = /^[\x21-\x7e]+$/;

/** Throws ERR_BAD_OPTION for what is no rule. */
export function parseRule(rule: string): PkiName {
  const [, kind, text] = /^(dns|uri|ip):(.*)$/.exec(rule) ?? [];
  if (kind === 'dns') return dnsRule(rule, text!);
  if (kind === 'ip') return ipRule(rule, text!);
  if (kind === 'uri' || /^[a-z][a-z0-9+.-]*:\/\//.test(rule)) return uriRule(rule, text ?? rule);
  throw bad(
    rule,
    'expected "dns:host.example", "dns:.below.example", "uri:…", "spiffe://…" or "ip:192.0.2.0/24"',
  );
}

/** The same kind of key for what stands in a certificate. undefined: longer than rules can be. */
export function nameKey(kind: PkiNameKind, bytes: Uint8Array): PkiName | undefined {
  if (kind === PkiNameKind.PKI_NAME_IPV4 || kind === PkiNameKind.PKI_NAME_IPV6)
    return key(kind, bytes, bytes.length * 8);
  if (bytes.length >= NAME_BYTES) return undefined;
  const isDns = kind === PkiNameKind.PKI_NAME_DNS;
  return key(kind, isDns ? turned(bytes) : bytes, (bytes.length + 1) * 8);
}

/** Whether a rule takes the name: it is a prefix of it. */
export function ruleTakes(rule: PkiName, name: PkiName): boolean {
  if (rule.kind !== name.kind || rule.bits > name.bits) return false;
  for (let bit = 0; bit < rule.bits - 8; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((rule.bytes[bit >> 3]! ^ name.bytes[bit >> 3]!) & mask) return false;
  }
  return true;
}

/** Makes the trie hold the rules; returns whether one went that was there before. */
export function writeRules(trie: LpmTrie<PkiName, number>, rules: readonly PkiName[]): boolean {
  const wanted = new Set(rules.map(idOf));
  const gone = [...trie.keys()].filter((rule) => !wanted.has(idOf(rule)));
  for (const rule of rules) trie.set(rule, 1);
  for (const rule of gone) trie.delete(rule);
  return gone.length > 0;
}

/** A host, or with a dot in front all that are below it. */
function dnsRule(rule: string, text: string): PkiName {
  if (!TEXT.test(text) || text === '.' || text.length >= NAME_BYTES) throw bad(rule, 'expected a host name');
  const bytes = turned(Buffer.from(text, 'latin1'));
  return key(PkiNameKind.PKI_NAME_DNS, bytes, (bytes.length + (text.startsWith('.') ? 0 : 1)) * 8);
}

/** A URI, or with a slash at its end all that are below it. */
function uriRule(rule: string, text: string): PkiName {
  if (!TEXT.test(text) || text.length >= NAME_BYTES) throw bad(rule, 'expected a URI');
  const bytes = Buffer.from(text, 'latin1');
  return key(PkiNameKind.PKI_NAME_URI, bytes, (bytes.length + (text.endsWith('/') ? 0 : 1)) * 8);
}

function ipRule(rule: string, text: string): PkiName {
  const [address = '', length] = text.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (!family || !Number.isInteger(bits) || bits < 0 || bits > most)
    throw bad(rule, 'expected an address or a prefix');
  const bytes = addressBytes(address).subarray(family === 4 ? 12 : 0);
  return key(family === 4 ? PkiNameKind.PKI_NAME_IPV4 : PkiNameKind.PKI_NAME_IPV6, bytes, bits);
}

function key(kind: PkiNameKind, bytes: Uint8Array, bits: number): PkiName {
  const padded = new Uint8Array(NAME_BYTES);
  padded.set(bytes);
  return { bits: 8 + bits, kind, bytes: padded, end: 0 };
}

function turned(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, lower).reverse();
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function idOf({ bits, kind, bytes }: PkiName): string {
  const whole = Math.ceil((bits - 8) / 8);
  return `${kind}/${bits}/${Buffer.from(bytes.subarray(0, whole)).toString('hex')}`;
}

function bad(rule: string, expected: string): BpfError {
  return new BpfError('ERR_BAD_OPTION', `option names: "${rule}" is no rule: ${expected}`);
}
