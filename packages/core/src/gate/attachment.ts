import { existsSync } from 'node:fs';
import { XdpChain } from '../chain/chain.js';
import { BpfError } from '../errors.js';
import { interfaceIndex } from '../interface.js';
import type { XdpMode } from '../links/attach.js';
import { type Link, openLink } from '../links/link.js';
import type { TcProgram, XdpProgram } from '../program.js';
import type { GateFeature } from './gate.js';
import type { GateStore } from './store.js';

/** A gate on one interface. */
export interface Attachment {
  readonly ifindex: number;
  /** How: in the chain of the interface, or by a link of its own. */
  readonly kind: 'chain' | Link['kind'];
  /** Off the interface. */
  detach(): void;
  /** Lets go of the handles; what is pinned stays. */
  close(): void;
}

export interface AttachContext {
  readonly feature: GateFeature;
  readonly store: GateStore;
  readonly pinPath: string;
  readonly mode: XdpMode | undefined;
}

/** Puts the gate onto an interface, or its program in place of the one that an earlier controller left there. */
export function attachTo(name: string, context: AttachContext): Attachment {
  const ifindex = interfaceIndex(name);
  if (context.feature.hook.kind === 'tc') return attachTc(ifindex, context);
  return context.store.directory === undefined
    ? attachAlone(name, ifindex, context)
    : attachToChain(name, context);
}

/** Takes an earlier controller's gate off an interface that this one does not want. */
export function detachFrom(ifindex: number, { feature, store, pinPath }: AttachContext): void {
  if (feature.hook.kind === 'xdp') {
    using chain = XdpChain.find(ifindex, { pinPath });
    if (chain?.has(feature.hook.slot)) chain.remove(feature.hook.slot);
  } else if (existsSync(linkPath(store, ifindex))) {
    openLink(linkPath(store, ifindex)).detach();
  }
  store.unmarkInterface(ifindex);
}

function attachToChain(name: string, { feature, store, pinPath, mode }: AttachContext): Attachment {
  const { slot } = feature.hook as { slot: number };
  const chain = XdpChain.open(name, { pinPath, ...(mode ? { mode } : {}) });
  const { ifindex } = chain;
  try {
    if (chain.has(slot) && !store.markedInterfaces().includes(ifindex)) {
      const message = `interface ${name} has another ${feature.name} gate: detach that one first`;
      throw new BpfError('ERR_BUSY', message);
    }
    const { chain: programs, chain_expected } = chain.maps;
    using object = store.loadFor({ chain: programs, chain_expected });
    store.markInterface(ifindex);
    chain.set(slot, (object.programs as Record<string, XdpProgram>)[feature.program]!);
  } catch (error) {
    if (!chain.isUsed) chain.dismantle();
    chain.close();
    throw error;
  }
  return {
    ifindex,
    kind: 'chain',
    detach() {
      if (chain.has(slot)) chain.remove(slot);
      store.unmarkInterface(ifindex);
      chain.close();
    },
    close: () => chain.close(),
  };
}

/** Not pinned: the gate goes with the process, so it cannot be in a chain, which expects its members to stay. */
function attachAlone(
  name: string,
  ifindex: number,
  { feature, store, pinPath, mode }: AttachContext,
): Attachment {
  using chain = XdpChain.find(ifindex, { pinPath });
  if (chain) {
    const message = `interface ${name} has a chain of gates: a gate with pin: false needs an interface for itself`;
    throw new BpfError('ERR_BUSY', message);
  }
  const link = (store.program(feature.program) as XdpProgram).attachXdp(ifindex, mode ? { mode } : {});
  return { ifindex, kind: link.kind, detach: () => link.detach(), close: () => link.close() };
}

function attachTc(ifindex: number, { feature, store }: AttachContext): Attachment {
  const program = store.program(feature.program) as TcProgram;
  const path = linkPath(store, ifindex);
  const link = takeOverLink(path, program) ?? program.attachTc(ifindex, 'ingress');
  if (store.directory !== undefined && !existsSync(path)) link.pin(path);
  store.markInterface(ifindex);
  return {
    ifindex,
    kind: link.kind,
    detach() {
      link.detach();
      store.unmarkInterface(ifindex);
    },
    close: () => link.close(),
  };
}

/** The link that an earlier controller pinned, with our program; undefined when there is none that lives. */
function takeOverLink(path: string, program: TcProgram): Link | undefined {
  if (!existsSync(path)) return undefined;
  const link = openLink(path);
  if (link.info().ifindex === 0) {
    link.unpin();
    link.close();
    return undefined;
  }
  link.update(program);
  return link;
}

function linkPath(store: GateStore, ifindex: number): string {
  return `${store.directory}/link-${ifindex}`;
}
