import { existsSync } from 'node:fs';
import { XdpChain } from '../chain/chain.js';
import { BpfError } from '../errors.js';
import { interfaceIndex, networkNamespace } from '../interface.js';
import type { TcDirection, XdpMode } from '../links/attach.js';
import { type Link, openLink } from '../links/link.js';
import { withLock } from '../pin.js';
import type { TcProgram, XdpProgram } from '../program.js';
import type { Store } from './store.js';

/** A program of a feature, and its hook. */
export interface Part {
  readonly program: string;
  readonly hook:
    | { readonly kind: 'xdp'; readonly slot: number }
    | { readonly kind: 'tc'; readonly direction?: TcDirection };
}

/** A part on one interface. */
export interface Attachment {
  readonly ifindex: number;
  /** How: in the chain of the interface, or by a link of its own. */
  readonly kind: 'chain' | Link['kind'];
  /** Whether it was not there before. */
  readonly isNew: boolean;
  /** What takes its place, without a gap, when the gate, which was not, has been pinned. */
  pin(): Attachment;
  /** Off the interface. */
  detach(): void;
  /** Lets go of the handles; what is pinned stays. */
  close(): void;
}

export interface AttachContext {
  readonly feature: string;
  readonly part: Part;
  readonly store: Store;
  readonly pinPath: string;
  readonly mode: XdpMode | undefined;
}

/** Puts the gate onto an interface, or its program in place of the one that an earlier controller left there. */
export function attachTo(name: string, context: AttachContext): Attachment {
  const ifindex = interfaceIndex(name);
  if (context.part.hook.kind === 'tc') return attachTc(ifindex, context);
  return context.store.directory === undefined
    ? attachAlone(name, ifindex, context)
    : withLock(context.pinPath, () => attachToChain(name, context));
}

/** Takes an earlier controller's gate off an interface that this one does not want. */
export function detachFrom(ifindex: number, { part, store, pinPath }: AttachContext): void {
  if (part.hook.kind === 'xdp') {
    using chain = XdpChain.find(ifindex, { pinPath });
    if (chain?.has(part.hook.slot)) chain.remove(part.hook.slot);
  } else if (existsSync(linkPath(store, part, ifindex))) {
    openLink(linkPath(store, part, ifindex)).detach();
  }
  store.unmarkInterface(ifindex);
}

function attachToChain(name: string, { feature, part, store, pinPath, mode }: AttachContext): Attachment {
  const slot = slotOf(part);
  const chain = XdpChain.open(name, { pinPath, ...(mode ? { mode } : {}) });
  const { ifindex } = chain;
  const isNew = !chain.has(slot);
  try {
    if (!isNew && !store.markedInterfaces().includes(ifindex)) {
      const message = `interface ${name} has another ${feature} gate: detach that one first`;
      throw new BpfError('ERR_BUSY', message);
    }
    join(chain, part, store);
  } catch (error) {
    if (isNew) store.unmarkInterface(ifindex);
    if (!chain.isUsed) chain.dismantle();
    chain.close();
    throw error;
  }
  return inChain(chain, slot, store, isNew);
}

/** The mark comes first: what is in the chain is known to be this gate's. */
function join(chain: XdpChain, part: Part, store: Store): void {
  const { chain: programs, chain_expected } = chain.maps;
  using object = store.loadFor({ chain: programs, chain_expected });
  store.markInterface(chain.ifindex);
  chain.set(slotOf(part), (object.programs as Record<string, XdpProgram>)[part.program]!);
}

function inChain(chain: XdpChain, slot: number, store: Store, isNew: boolean): Attachment {
  const attachment: Attachment = {
    ifindex: chain.ifindex,
    kind: 'chain',
    isNew,
    pin: () => attachment,
    detach() {
      if (chain.has(slot)) chain.remove(slot);
      store.unmarkInterface(chain.ifindex);
      chain.close();
    },
    close: () => chain.close(),
  };
  return attachment;
}

/** Not pinned: the gate goes with the process, so it cannot be in a chain, which expects its members to stay. */
function attachAlone(name: string, ifindex: number, context: AttachContext): Attachment {
  const { part, store, pinPath, mode } = context;
  using chain = XdpChain.find(ifindex, { pinPath });
  if (chain) {
    const message = `interface ${name} has a chain of gates: a gate with pin: false needs an interface for itself`;
    throw new BpfError('ERR_BUSY', message);
  }
  const link = (store.program(part.program) as XdpProgram).attachXdp(ifindex, mode ? { mode } : {});
  return {
    ifindex,
    kind: link.kind,
    isNew: true,
    pin() {
      const chain = XdpChain.replace(link, (made) => join(made, part, store), pinPath);
      link.close();
      return inChain(chain, slotOf(part), store, true);
    },
    detach: () => link.detach(),
    close: () => link.close(),
  };
}

function attachTc(ifindex: number, { part, store }: AttachContext): Attachment {
  const program = store.program(part.program) as TcProgram;
  const old = takeOverLink(store, linkPath(store, part, ifindex), ifindex, program);
  const link = old ?? program.attachTc(ifindex, directionOf(part));
  const attachment: Attachment = {
    ifindex,
    kind: link.kind,
    isNew: !old,
    pin() {
      if (store.directory === undefined) return attachment;
      link.pin(linkPath(store, part, ifindex));
      store.markInterface(ifindex);
      return attachment;
    },
    detach() {
      link.detach();
      store.unmarkInterface(ifindex);
    },
    close: () => link.close(),
  };
  if (old) return attachment;
  try {
    return attachment.pin();
  } catch (error) {
    link.detach();
    throw error;
  }
}

/** The link that an earlier controller pinned, with our program; undefined when there is none that lives. */
function takeOverLink(store: Store, path: string, ifindex: number, program: TcProgram): Link | undefined {
  if (store.directory === undefined || !existsSync(path)) return undefined;
  const link = openLink(path);
  if (link.info().ifindex === 0) {
    link.unpin();
    link.close();
    return undefined;
  }
  try {
    link.update(program);
    store.markInterface(ifindex);
    return link;
  } catch (error) {
    link.close();
    throw error;
  }
}

function slotOf({ hook }: Part): number {
  return (hook as { slot: number }).slot;
}

function directionOf({ hook }: Part): TcDirection {
  return (hook as { direction?: TcDirection }).direction ?? 'ingress';
}

/** An index says nothing without its network. */
function linkPath(store: Store, part: Part, ifindex: number): string {
  return `${store.directory}/${directionOf(part)}-${networkNamespace()}-${ifindex}`;
}
