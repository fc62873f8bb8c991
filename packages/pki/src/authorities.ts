import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BpfError, type BpfObject } from '@cryptbpf/core';
import { P256Layout, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';
import {
  type PkiAuthority,
  type PkiIdentity,
  type PkiObject,
  type PkiRevocation,
  PkiRevoked,
} from './pki.gen.js';
import type { Authority } from './trust.js';

/** So that a message that is just being judged does not meet another authority, or its table, in the same place. */
const REST_MS = 100;
const NO_LIMIT = 0xffff_ffff;
const LONGEST_SERIAL = 32;
const NO_ID = { bytes: new Uint8Array(32), length: 0 };
const NOBODY: PkiAuthority = {
  issuer: {
    identity: { name: new Uint8Array(32), key: NO_ID },
    pathLength: 0,
    notAfterS: 0n,
    point: { x: new Uint8Array(32), y: new Uint8Array(32) },
    table: 0,
  },
  crlUntilS: 0n,
  id: 0,
  hasCrl: 0,
};

/** An authority in its place. */
export interface Placed extends Authority {
  readonly place: number;
  readonly id: number;
  hasTable: boolean;
}

/**
 * Authorities in the kernel's memory: each in a place of its own, under a number that no other one ever had. Whoever is
 * taken away is so from the next packet on, with all whom it let in.
 */
export class Authorities {
  readonly #object: BpfObject<PkiObject>;
  readonly #layout: P256Layout;
  readonly #freed: number[];
  #placed: Placed[] = [];
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(object: BpfObject<PkiObject>, width: number) {
    this.#object = object;
    const { maxEntries } = object.maps.authorities;
    this.#layout = new P256Layout(maxEntries, { generator: width, key: width });
    this.#freed = new Array(maxEntries).fill(Number.NEGATIVE_INFINITY);
  }

  get placed(): readonly Placed[] {
    return this.#placed;
  }

  /** Before any certificate is verified: without it, nothing can be. */
  async writeGenerator(): Promise<void> {
    this.#tables().set(await p256GeneratorTable(this.#layout.widths.generator), 0);
  }

  /** Makes these, and nobody else, the authorities. Throws ERR_MAP_FULL, and changes nothing then. */
  async set(authorities: readonly Authority[]): Promise<void> {
    const { maps } = this.#object;
    if (authorities.length > maps.authorities.maxEntries) {
      const message = `${authorities.length} authorities, and room for ${maps.authorities.maxEntries}: set maxAuthorities`;
      throw new BpfError('ERR_MAP_FULL', message);
    }
    const present = this.#read();
    const wanted = new Set(authorities.map(keyOf));
    for (const [place, authority] of present)
      if (!wanted.has(keyIn(authority))) this.#remove(place, authority);
    const placed: Placed[] = [];
    for (const authority of authorities) placed.push(await this.#put(authority, present));
    this.#placed = placed;
    this.#work = this.#work.then(() => this.#build(placed));
  }

  /** Resolves when all tables are built; until one is, its authority's signatures take three times as long. */
  async tablesBuilt(): Promise<void> {
    await this.#work;
  }

  /** Whatever lists say, until unrevoke(). Throws ERR_MAP_FULL. */
  revoke(authority: Placed, serial: Uint8Array): void {
    this.#setRevoked(authority, serial, PkiRevoked.PKI_REVOKED_BY_OPERATOR);
  }

  /** Lists decide again. False: it was not revoked by revoke(). */
  unrevoke(authority: Placed, serial: Uint8Array): boolean {
    const { revoked } = this.#object.maps;
    const key = { id: authority.id, serial: toId(serial) };
    if (revoked.get(key) !== PkiRevoked.PKI_REVOKED_BY_OPERATOR) return false;
    const isListed = serialsOf(authority).some((listed) => hex(listed) === hex(serial));
    if (isListed) this.#setRevoked(authority, serial, PkiRevoked.PKI_REVOKED_BY_LIST);
    else revoked.delete(key);
    return true;
  }

  /** A key, by its identifier, whoever certified it. Throws ERR_MAP_FULL. */
  revokeKey(id: Uint8Array): void {
    const { revoked } = this.#object.maps;
    try {
      revoked.set(keyRevocation(id), PkiRevoked.PKI_REVOKED_BY_OPERATOR);
    } catch (cause) {
      throw new BpfError('ERR_MAP_FULL', `no room for the key ${hex(id)}: set maxRevoked`, { cause });
    }
    this.#countKeys();
  }

  /** False: it was not revoked. */
  unrevokeKey(id: Uint8Array): boolean {
    if (!this.isKeyRevoked(id)) return false;
    this.#object.maps.revoked.delete(keyRevocation(id));
    this.#countKeys();
    return true;
  }

  isKeyRevoked(id: Uint8Array): boolean {
    return this.#object.maps.revoked.get(keyRevocation(id)) !== undefined;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The program looks for keys when there are any. */
  #countKeys(): void {
    const { maps, variables } = this.#object;
    variables.pki_keys_revoked = maps.revoked.getBatch().filter(([{ id }]) => id === 0).length;
  }

  /* ---- places ---- */

  #read(): Map<number, PkiAuthority> {
    const { authorities } = this.#object.maps;
    const all = Array.from(
      { length: authorities.maxEntries },
      (_, place) => [place, authorities.at(place)] as const,
    );
    return new Map(all.filter(([, { id }]) => id !== 0));
  }

  async #put(authority: Authority, present: ReadonlyMap<number, PkiAuthority>): Promise<Placed> {
    const { maps } = this.#object;
    const old = [...present].find(([, other]) => keyIn(other) === keyOf(authority));
    const place = old ? old[0] : await this.#freePlace();
    const id = old ? old[1].id : this.#nextId();
    const hasTable = old !== undefined && old[1].issuer.table !== 0;
    const placed: Placed = { ...authority, place, id, hasTable };
    this.#revoke(placed);
    maps.authorities.set(place, toKernel(placed));
    if (authority.certificate.point) maps.authority_places.set(identityOf(authority), place);
    return placed;
  }

  async #freePlace(): Promise<number> {
    const { authorities } = this.#object.maps;
    for (let place = 0; place < authorities.maxEntries; place++) {
      if (authorities.at(place).id !== 0) continue;
      await delay(Math.max(0, this.#freed[place]! + REST_MS - performance.now()));
      return place;
    }
    throw new BpfError('ERR_MAP_FULL', 'there is no place for another authority');
  }

  #nextId(): number {
    const { variables } = this.#object;
    const birth = variables.pki_birth;
    variables.pki_birth = { ...birth, nextId: birth.nextId + 1 };
    return birth.nextId;
  }

  #remove(place: number, authority: PkiAuthority): void {
    const { maps } = this.#object;
    maps.authority_places.delete(authority.issuer.identity);
    maps.authorities.set(place, NOBODY);
    for (const key of [...maps.revoked.keys()]) if (key.id === authority.id) maps.revoked.delete(key);
    this.#freed[place] = performance.now();
  }

  /** What is revoked now first, what is not any more last. A list that does not fit makes its authority's stale. */
  #revoke(placed: Placed): void {
    const { revoked } = this.#object.maps;
    const listed = new Map(serialsOf(placed).map((serial) => [hex(serial), serial]));
    const before = revoked.getBatch().filter(([{ id }]) => id === placed.id);
    const isOwn = (by: number) => by === PkiRevoked.PKI_REVOKED_BY_OPERATOR;
    const own = new Set(before.filter(([, by]) => isOwn(by)).map(([key]) => serialIn(key)));
    for (const [name, serial] of listed)
      if (!own.has(name)) this.#setRevoked(placed, serial, PkiRevoked.PKI_REVOKED_BY_LIST);
    for (const [key, by] of before) if (!isOwn(by) && !listed.has(serialIn(key))) revoked.delete(key);
  }

  #setRevoked({ id, certificate }: Placed, serial: Uint8Array, by: PkiRevoked): void {
    try {
      this.#object.maps.revoked.set({ id, serial: toId(serial) }, by);
    } catch (cause) {
      const message = `no room for what "${certificate.subject.text}" revokes: set maxRevoked`;
      throw new BpfError('ERR_MAP_FULL', message, { cause });
    }
  }

  /* ---- tables ---- */

  #tables(): Uint8Array {
    const view = this.#object.maps.p256_entries.view();
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }

  async #build(placed: readonly Placed[]): Promise<void> {
    for (const authority of placed) {
      const { point } = authority.certificate;
      if (authority.hasTable || !point) continue;
      const table = await p256Table(Uint8Array.of(4, ...point), this.#layout.widths.key);
      if (this.#isClosed || !this.#placed.includes(authority)) continue;
      this.#tables().set(table, this.#layout.keyOffset(authority.place));
      authority.hasTable = true;
      this.#object.maps.authorities.set(authority.place, toKernel(authority));
    }
  }
}

/** How many tables the program's memory has. */
export function tableLayout(authorities: number, width: number): P256Layout {
  return new P256Layout(authorities, { generator: width, key: width });
}

function toKernel(authority: Placed): PkiAuthority {
  const { pathLength, notAfter, crl, id, place, hasTable, certificate } = authority;
  const point = certificate.point ?? foreignPoint(certificate.publicKey);
  return {
    issuer: {
      identity: identityOf(authority),
      pathLength: Number.isFinite(pathLength) ? pathLength : NO_LIMIT,
      notAfterS: BigInt(notAfter),
      point: { x: point.slice(0, 32), y: point.slice(32) },
      table: hasTable ? place + 1 : 0,
    },
    crlUntilS: BigInt(crl?.nextUpdate ?? 0),
    id,
    hasCrl: crl ? 1 : 0,
  };
}

/** A key of another kind is none that the kernel verifies with; here it only tells authorities apart. */
function foreignPoint(publicKey: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(publicKey).digest());
}

/** Longer ones are no certificate's that is let in. */
function serialsOf({ crl }: Authority): Uint8Array[] {
  return (crl?.serials ?? []).filter(({ length }) => length <= LONGEST_SERIAL);
}

function serialIn({ serial: { bytes, length } }: PkiRevocation): string {
  return hex(bytes.subarray(0, length));
}

function keyRevocation(id: Uint8Array): PkiRevocation {
  return { id: 0, serial: toId(id) };
}

function identityOf({ name, keyId }: Authority): PkiIdentity {
  return { name, key: toId(keyId) };
}

export function toId(bytes: Uint8Array): { bytes: Uint8Array; length: number } {
  const padded = new Uint8Array(32);
  padded.set(bytes);
  return { bytes: padded, length: bytes.length };
}

/** Name, key identifier and key: what makes an authority the same one. */
function keyOf(authority: Authority): string {
  const point = authority.certificate.point ?? foreignPoint(authority.certificate.publicKey);
  return [hex(authority.name), hex(toId(authority.keyId).bytes), hex(point)].join('/');
}

function keyIn({ issuer: { identity, point } }: PkiAuthority): string {
  return [hex(identity.name), hex(identity.key.bytes), hex(point.x) + hex(point.y)].join('/');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
