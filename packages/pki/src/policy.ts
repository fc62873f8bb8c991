import { BpfError, type BpfObject, randomSiphashKey, tokenRate } from '@cryptbpf/core';
import { sha256State } from '@cryptbpf/core/crypto';
import type { Placed } from './authorities.js';
import type { Policy } from './chain.js';
import { LABEL } from './client/holder.js';
import { type OwnSettings, rulesOf } from './options.js';
import type { PkiConfig, PkiObject } from './pki.gen.js';
import { filesOf, readSources } from './sources.js';
import { type Authority, nameDigest, resolveTrust } from './trust.js';

/* What settings come to: for the kernel, and for chains that are verified here. */

/** Throws ERR_BAD_VALUE, ERR_NOT_FOUND for certificates and lists that cannot be used. */
export function readTrust(own: OwnSettings): Authority[] {
  const sources = {
    anchors: readSources(own.anchors, 'CERTIFICATE'),
    intermediates: readSources(own.intermediates, 'CERTIFICATE'),
    crls: readSources(own.crls, 'X509 CRL'),
  };
  const authorities = resolveTrust(sources, Math.floor(Date.now() / 1000));
  if (own.otherAlgorithms) return authorities;
  const foreign = authorities.find(({ certificate }) => !certificate.point);
  if (!foreign) return authorities;
  const message = `certificate "${foreign.certificate.subject.text}" has another key than P-256, which the kernel does not verify with: set otherAlgorithms`;
  throw new BpfError('ERR_BAD_VALUE', message);
}

/** Files that the operator named, and may change. */
export function watched(own: OwnSettings): (string | URL)[] {
  return filesOf([...own.anchors, ...own.intermediates, ...own.crls]);
}

export function policyOf(own: OwnSettings, authorities: readonly Placed[]): Policy<Placed> {
  return {
    authorities,
    rules: own.names === 'any' ? undefined : rulesOf(own),
    requireCrl: isCrlRequired(own),
    audience: nameDigest(Buffer.from(own.audience)),
    nowS: Math.floor(Date.now() / 1000),
    strict: false,
  };
}

/** Writes the configuration that does not count, then makes it count. */
export function configure({ variables }: BpfObject<PkiObject>, own: OwnSettings, isNarrower: boolean): void {
  const configs = variables.pki_configs;
  const old = configs[variables.pki_active & 1]!;
  const next = variables.pki_active ^ 1;
  const wasAny = old.anyName === 1 && own.names !== 'any';
  configs[next] = toConfig(own, old, isNarrower || wasAny);
  variables.pki_configs = configs;
  variables.pki_active = next;
}

function toConfig(own: OwnSettings, old: PkiConfig, isNarrower: boolean): PkiConfig {
  const isFirst = old.rules === 0;
  return {
    transcript: { h: sha256State(label(), nameDigest(Buffer.from(own.audience))) },
    receiptKey: isFirst ? randomSiphashKey() : old.receiptKey,
    sourceRate: tokenRate(own.sourceBudget),
    allRate: tokenRate(own.curveBudget),
    rules: isFirst || isNarrower ? old.rules + 1 : old.rules,
    anyName: own.names === 'any' ? 1 : 0,
    crlRequired: isCrlRequired(own) ? 1 : 0,
  };
}

function isCrlRequired({ requireCrl, crls }: OwnSettings): boolean {
  return requireCrl ?? crls.length > 0;
}

/** What signatures of holders begin with: 32 bytes. */
function label(): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(Buffer.from(LABEL));
  return bytes;
}
