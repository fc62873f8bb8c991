import { DEFAULT_PIN_PATH } from '../chain/chain.js';
import { BpfError } from '../errors.js';
import { interfaceNameToIndex } from '../ffi/libc.js';
import { interfaceIndex, networkNamespace } from '../interface.js';
import type { XdpMode } from '../links/attach.js';
import { withLock } from '../pin.js';
import { type AttachContext, type Attachment, attachTo, detachFrom, type Part } from './attachment.js';
import type { Store } from './store.js';

/** Where the programs of a feature are to be, and whether they stay. */
export interface InstallOptions {
  /** One interface, or several that share what is known. */
  interface: string | string[];
  /**
   * Tells gates of a machine apart, also those in network namespaces that share a bpffs. Letters, digits, - and _.
   * Default: the first interface's name.
   */
  name?: string;
  /** XDP mode. Default 'auto'. */
  mode?: XdpMode;
  /**
   * Whether the gate outlives this process. Default true: if the controller exits or dies, the gate stays up, and
   * the next attach() takes it over. false, for tests: it goes with the process, and leaves the port open; see pin().
   */
  pin?: boolean;
  /** A directory in bpffs. Default /sys/fs/bpf/cryptbpf. */
  pinPath?: string;
}

/** Runs action while no other controller sets anything up there, if what it makes stays. */
export function whileInstalling<T>(
  { pin = true, pinPath = DEFAULT_PIN_PATH }: InstallOptions,
  action: () => T,
): T {
  return pin ? withLock(pinPath, action) : action();
}

/** Where the maps of that feature are pinned. Throws ERR_BAD_OPTION. */
export function pinDirectory(feature: string, options: InstallOptions): string {
  return `${options.pinPath ?? DEFAULT_PIN_PATH}/${feature}-${nameOf(options)}`;
}

/** The names, if they are names of interfaces. Throws ERR_BAD_OPTION, ERR_NO_INTERFACE. */
export function interfacesOf({ interface: given }: InstallOptions): string[] {
  const names = Array.isArray(given) ? given : [given];
  if (names.length === 0) throw new BpfError('ERR_BAD_OPTION', 'option interface is empty');
  for (const name of names) interfaceIndex(name);
  return names;
}

/** The programs of a feature on its interfaces: each part of it on each of them. */
export class Installation {
  readonly #feature: string;
  readonly #parts: readonly Part[];
  readonly #options: InstallOptions;
  readonly #store: Store;
  readonly #namespace = networkNamespace();
  readonly #attachments = new Map<string, Attachment[]>();

  constructor(feature: string, parts: readonly Part[], options: InstallOptions, store: Store) {
    this.#feature = feature;
    this.#parts = parts;
    this.#options = options;
    this.#store = store;
  }

  /** Names of the interfaces, and how each part is attached there. */
  get attachments(): { interface: string; kind: Attachment['kind'] }[] {
    return [...this.#attachments].flatMap(([name, parts]) =>
      parts.map(({ kind }) => ({ interface: name, kind })),
    );
  }

  /** Puts the programs there, in place of those of an earlier controller, which are taken off other interfaces. */
  attach(): void {
    for (const name of interfacesOf(this.#options)) this.#attachTo(name);
    const wanted = new Set([...this.#attachments.values()].map(([first]) => first!.ifindex));
    for (const ifindex of this.#store.markedInterfaces()) if (!wanted.has(ifindex)) this.#detachFrom(ifindex);
  }

  /** After a failure: what was there before stays, what is new goes. */
  undo(): void {
    for (const attachments of this.#attachments.values()) undo(attachments);
    if (this.#store.isNew) this.#store.unpin();
    this.#store.close();
  }

  /** Attaches anew where an interface was made anew, and has lost its programs. */
  watch(): void {
    if (networkNamespace() !== this.#namespace) return;
    for (const [name, attachments] of this.#attachments) {
      const ifindex = interfaceNameToIndex(name);
      const old = attachments[0]!.ifindex;
      if (ifindex === 0 || ifindex === old) continue;
      for (const attachment of attachments) attachment.close();
      this.#detachFrom(old);
      this.#attachTo(name);
    }
  }

  /** Makes what goes with this process stay. Throws ERR_EXISTS, ERR_NO_BPFFS. */
  keep(): void {
    if (this.#store.directory !== undefined) return;
    withLock(this.#pinPath, () => {
      this.#store.keep(pinDirectory(this.#feature, this.#options));
      for (const [name, attachments] of this.#attachments)
        this.#attachments.set(
          name,
          attachments.map((attachment) => attachment.pin()),
        );
    });
  }

  /** Off all interfaces, also those on which another controller has put it, and the memory with it. */
  takeDown(): void {
    const takeDown = () => {
      for (const attachment of [...this.#attachments.values()].flat()) attachment.detach();
      this.#attachments.clear();
      for (const ifindex of this.#store.markedInterfaces()) this.#detachFrom(ifindex);
      this.#store.unpin();
    };
    if (this.#store.directory === undefined) takeDown();
    else withLock(this.#pinPath, takeDown);
  }

  /** Lets go: what is pinned stays. */
  close(): void {
    for (const attachment of [...this.#attachments.values()].flat()) attachment.close();
    this.#store.close();
  }

  get #pinPath(): string {
    return this.#options.pinPath ?? DEFAULT_PIN_PATH;
  }

  #context(part: Part): AttachContext {
    const { mode } = this.#options;
    return { feature: this.#feature, part, store: this.#store, pinPath: this.#pinPath, mode };
  }

  #attachTo(name: string): void {
    const made: Attachment[] = [];
    try {
      for (const part of this.#parts) made.push(attachTo(name, this.#context(part)));
    } catch (error) {
      undo(made);
      throw error;
    }
    this.#attachments.set(name, made);
  }

  #detachFrom(ifindex: number): void {
    for (const part of this.#parts) detachFrom(ifindex, this.#context(part));
  }
}

function undo(attachments: readonly Attachment[]): void {
  for (const attachment of attachments) {
    if (attachment.isNew) attachment.detach();
    else attachment.close();
  }
}

function nameOf(options: InstallOptions): string {
  if (options.name === undefined) return [options.interface].flat()[0]!.replace(/[^\w-]/g, '_');
  if (/^[\w-]{1,64}$/.test(options.name)) return options.name;
  const message = `option name is "${options.name}", expected up to 64 letters, digits, - and _`;
  throw new BpfError('ERR_BAD_OPTION', message);
}
