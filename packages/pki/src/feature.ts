import { BpfError, type BpfObject, type GateFeature } from '@cryptbpf/core';
import { tableLayout } from './authorities.js';
import { MAGIC } from './client/message.js';
import type { PkiSizes } from './options.js';
import { openPki, PkiLayout, type PkiObject } from './pki.gen.js';

/** Bits of a scalar for each look-up in the tables of keys. */
export const TABLE_WIDTH = 8;

/** The program, with maps of these sizes. */
export function pkiFeature(sizes: Required<PkiSizes>): GateFeature {
  return {
    name: 'pki',
    open: () => {
      const spec = openPki(new URL('./pki.bpf.o', import.meta.url));
      const layout = tableLayout(sizes.maxAuthorities, TABLE_WIDTH);
      spec.map('p256_entries').maxEntries = layout.entries;
      spec.variable('p256_widths').set(layout.widths);
      for (const name of ['authorities', 'authority_places'] as const)
        spec.map(name).maxEntries = sizes.maxAuthorities;
      spec.map('revoked').maxEntries = sizes.maxRevoked;
      spec.map('name_rules').maxEntries = sizes.maxNames;
      return spec;
    },
    program: 'pki',
    hook: { kind: 'tc' },
    magic: MAGIC,
  };
}

/** Of a gate that is new or was made by a controller like this one. Throws ERR_INCOMPATIBLE. */
export function checkBirth({ variables }: BpfObject<PkiObject>): void {
  const { layout, keyWidth, generatorWidth, nextId } = variables.pki_birth;
  const ours = { layout: PkiLayout.PKI_LAYOUT, generatorWidth: TABLE_WIDTH, keyWidth: TABLE_WIDTH };
  if (layout === 0) {
    variables.pki_birth = { ...ours, nextId: 1 };
    return;
  }
  if (layout === ours.layout && keyWidth === TABLE_WIDTH && generatorWidth === TABLE_WIDTH && nextId > 0)
    return;
  const message = `the gate that is up has layout ${layout}, this one needs ${ours.layout}: detach it first`;
  throw new BpfError('ERR_INCOMPATIBLE', message);
}
