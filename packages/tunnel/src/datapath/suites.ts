import {
  type ArrayMap,
  BpfError,
  type BpfObject,
  features,
  type ObjectSpec,
  openObject,
} from '@cryptbpf/core';
import { GHASH_BYTES, ghashTables } from '@cryptbpf/core/crypto';
import type { Session, Suite } from '../contract.js';
import { openTunnelWireguard, type TunnelWireguardObject } from './tunnel_wireguard.gen.js';

type CommonMaps = Omit<TunnelWireguardObject['maps'], 'sessions' | 'inside_work' | 'underlay_work'>;

/** What both suites' objects have. */
export interface TunnelObject {
  maps: CommonMaps & { sessions: ArrayMap<unknown> };
  programs: TunnelWireguardObject['programs'];
  variables: TunnelWireguardObject['variables'];
}

/** Its structs are those of the other object; nothing could be generated for kernel pointers. */
interface TunnelAesObject extends TunnelObject {
  maps: TunnelObject['maps'] & { ciphers: ArrayMap<unknown>; ghash_tables: ArrayMap<unknown> };
}

/** The programs of a suite, and what differs between suites. */
export interface LoadedSuite {
  readonly object: BpfObject<TunnelObject>;
  /** What a cipher needs in a slot besides its keys, before they come. */
  prepare(slot: number, session: Session): void;
  /** What prepare() left there. */
  wipe(slot: number): void;
}

/** For how many peers, sets sizes and variables before the object is loaded. Returns how many slots there are. */
export type Configure = (spec: ObjectSpec<TunnelObject>) => number;

/** Throws ERR_NOT_SUPPORTED where the kernel has no cipher for the suite, and what loading throws. */
export function loadSuite(suite: Suite, configure: Configure): LoadedSuite {
  return suite === 'wireguard' ? loadWireguard(configure) : loadAes(configure);
}

function loadWireguard(configure: Configure): LoadedSuite {
  const spec = openTunnelWireguard(new URL('./tunnel_wireguard.bpf.o', import.meta.url));
  configure(spec as unknown as ObjectSpec<TunnelObject>);
  const object = spec.load() as unknown as BpfObject<TunnelObject>;
  return { object, prepare: () => {}, wipe: () => {} };
}

function loadAes(configure: Configure): LoadedSuite {
  if (features.probe('kfunc:bpf_crypto_encrypt').availability === 'no') {
    const message = 'suite aes-256-gcm needs a kernel with bpf_crypto (Linux 6.10): suite wireguard does not';
    throw new BpfError('ERR_NOT_SUPPORTED', message);
  }
  const spec = openObject<TunnelAesObject>(new URL('./tunnel_aes.bpf.o', import.meta.url));
  const slots = configure(spec as unknown as ObjectSpec<TunnelObject>);
  spec.map('ciphers').maxEntries = 2 * slots;
  spec.map('ghash_tables').maxEntries = 2 * slots;
  const object = spec.load();
  const tables = new GhashTables(object.maps.ghash_tables);
  return {
    object: object as unknown as BpfObject<TunnelObject>,
    prepare(slot, { sendKey, receiveKey }) {
      tables.write(2 * slot, sendKey);
      tables.write(2 * slot + 1, receiveKey);
    },
    wipe(slot) {
      tables.wipe(2 * slot);
      tables.wipe(2 * slot + 1);
    },
  };
}

/** Multiples of the hash subkey, which are as secret as the key. */
class GhashTables {
  readonly #memory: DataView;

  constructor(map: TunnelAesObject['maps']['ghash_tables']) {
    this.#memory = map.view();
  }

  write(place: number, key: Uint8Array): void {
    const tables = ghashTables(key, 'small');
    this.#at(place).set(tables);
    tables.fill(0);
  }

  wipe(place: number): void {
    this.#at(place).fill(0);
  }

  #at(place: number): Uint8Array {
    const { buffer, byteOffset } = this.#memory;
    return new Uint8Array(buffer, byteOffset + place * GHASH_BYTES.small, GHASH_BYTES.small);
  }
}
