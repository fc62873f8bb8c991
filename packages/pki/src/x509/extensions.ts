import { Reason } from '../pki.gen.js';
import { type Der, type Element, Refusal, Tag } from './der.js';

const EXTENSIONS_MAX = 24;
const PURPOSES_MAX = 16;
const KEY_ID_BYTES_MAX = 32;
const CLIENT_AUTH = '2b06010505070302';

/** The last byte of 2.5.29.x. */
export const Extension = {
  SUBJECT_KEY_ID: 14,
  KEY_USAGE: 15,
  ALT_NAME: 17,
  BASIC_CONSTRAINTS: 19,
  NAME_CONSTRAINTS: 30,
  POLICY_MAPPINGS: 33,
  AUTHORITY_KEY_ID: 35,
  POLICY_CONSTRAINTS: 36,
  EXTENDED_KEY_USAGE: 37,
  INHIBIT_ANY_POLICY: 54,
} as const;

const UNDERSTOOD: ReadonlySet<number> = new Set(Object.values(Extension));
const REFUSED: ReadonlyMap<number, Reason> = new Map([
  [Extension.NAME_CONSTRAINTS, Reason.DROP_CERT_CONSTRAINTS],
  [Extension.POLICY_MAPPINGS, Reason.DROP_CERT_POLICY],
  [Extension.POLICY_CONSTRAINTS, Reason.DROP_CERT_POLICY],
  [Extension.INHIBIT_ANY_POLICY, Reason.DROP_CERT_POLICY],
]);

/** What the extensions of a certificate say. */
export interface Extensions {
  readonly seen: Set<number>;
  readonly critical: Set<number>;
  subjectKey: Uint8Array | undefined;
  authorityKey: Uint8Array | undefined;
  isCa: boolean;
  /** Infinity: no limit. */
  pathLength: number;
  /** The first byte of the bit string. */
  keyUsage: number;
  clientAuth: boolean;
  /** Where subject alternative names are. */
  altNames: Element | undefined;
}

/** Reads the list in holder. Throws Refusal. */
export function readExtensions(holder: Der): Extensions {
  const list = holder.enter(holder.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT));
  holder.finish(Reason.DROP_CERT_FORMAT);
  const extensions: Extensions = {
    seen: new Set(),
    critical: new Set(),
    subjectKey: undefined,
    authorityKey: undefined,
    isCa: false,
    pathLength: Number.POSITIVE_INFINITY,
    keyUsage: 0,
    clientAuth: false,
    altNames: undefined,
  };
  if (!list.hasMore) throw new Refusal(Reason.DROP_CERT_EXTENSIONS);
  for (let i = 0; i < EXTENSIONS_MAX && list.hasMore; i++) readExtension(list, extensions);
  list.finish(Reason.DROP_CERT_EXTENSIONS);
  return extensions;
}

function readExtension(list: Der, extensions: Extensions): void {
  const parts = list.enter(list.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION));
  const oid = Buffer.from(parts.contents(parts.take(Tag.OID, Reason.DROP_CERT_EXTENSION)));
  const isCritical = readBoolean(parts);
  const value = parts.take(Tag.OCTET_STRING, Reason.DROP_CERT_EXTENSION);
  parts.finish(Reason.DROP_CERT_EXTENSION);
  const id = oid.length === 3 && oid[0] === 0x55 && oid[1] === 0x1d ? oid[2]! : 0;
  if (!UNDERSTOOD.has(id)) {
    if (isCritical) throw new Refusal(Reason.DROP_CERT_CRITICAL);
    return;
  }
  if (extensions.seen.has(id)) throw new Refusal(Reason.DROP_CERT_DUPLICATE);
  const refused = REFUSED.get(id);
  if (refused !== undefined) throw new Refusal(refused);
  extensions.seen.add(id);
  if (isCritical) extensions.critical.add(id);
  const contents = parts.enter(value);
  readValue(id, contents, extensions);
  contents.finish(Reason.DROP_CERT_EXTENSION);
}

/** DER leaves out what is false. */
function readBoolean(der: Der): boolean {
  if (!der.isNext(Tag.BOOLEAN)) return false;
  const contents = der.contents(der.next());
  if (contents.length !== 1 || contents[0] !== 0xff) throw new Refusal(Reason.DROP_CERT_EXTENSION);
  return true;
}

function readValue(id: number, der: Der, extensions: Extensions): void {
  if (id === Extension.SUBJECT_KEY_ID)
    extensions.subjectKey = keyId(der, der.take(Tag.OCTET_STRING, Reason.DROP_CERT_EXTENSION));
  else if (id === Extension.AUTHORITY_KEY_ID) extensions.authorityKey = readAuthorityKey(der);
  else if (id === Extension.KEY_USAGE) extensions.keyUsage = readKeyUsage(der);
  else if (id === Extension.BASIC_CONSTRAINTS) readBasicConstraints(der, extensions);
  else if (id === Extension.EXTENDED_KEY_USAGE) readPurposes(der, extensions);
  else extensions.altNames = readAltNames(der);
}

function keyId(der: Der, element: Element): Uint8Array {
  const bytes = der.contents(element);
  if (bytes.length === 0 || bytes.length > KEY_ID_BYTES_MAX) throw new Refusal(Reason.DROP_CERT_EXTENSION);
  return bytes;
}

/** The identifier alone: an issuer's name and serial number as well would be another issuer. */
function readAuthorityKey(der: Der): Uint8Array {
  const parts = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION));
  const id = keyId(parts, parts.take(Tag.CONTEXT, Reason.DROP_CERT_EXTENSION));
  parts.finish(Reason.DROP_CERT_EXTENSION);
  return id;
}

/** Nine named bits, of which at least one is set; without zeros at the end. */
function readKeyUsage(der: Der): number {
  const bytes = der.contents(der.take(Tag.BIT_STRING, Reason.DROP_CERT_EXTENSION));
  const [unused = 8, first = 0] = bytes;
  const last = bytes.at(-1)!;
  const isMinimal =
    (bytes.length === 2 || bytes.length === 3) &&
    unused < 8 &&
    (last & ((1 << unused) - 1)) === 0 &&
    ((last >> unused) & 1) === 1 &&
    (bytes.length === 2 || last === 0x80);
  if (!isMinimal) throw new Refusal(Reason.DROP_CERT_EXTENSION);
  return first;
}

function readBasicConstraints(der: Der, extensions: Extensions): void {
  const parts = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION));
  extensions.isCa = readBoolean(parts);
  if (parts.isNext(Tag.INTEGER)) {
    const bytes = parts.contents(parts.next());
    if (bytes.length !== 1 || bytes[0]! > 127 || !extensions.isCa)
      throw new Refusal(Reason.DROP_CERT_EXTENSION);
    extensions.pathLength = bytes[0]!;
  }
  parts.finish(Reason.DROP_CERT_EXTENSION);
}

function readPurposes(der: Der, extensions: Extensions): void {
  const list = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION));
  if (!list.hasMore) throw new Refusal(Reason.DROP_CERT_EXTENSION);
  for (let i = 0; i < PURPOSES_MAX && list.hasMore; i++) {
    const oid = Buffer.from(list.contents(list.take(Tag.OID, Reason.DROP_CERT_EXTENSION))).toString('hex');
    if (oid === CLIENT_AUTH) extensions.clientAuth = true;
  }
  list.finish(Reason.DROP_CERT_EXTENSION);
}

/** Read where it matters: of the leaf. */
function readAltNames(der: Der): Element {
  const names = der.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION);
  if (names.start === names.stop) throw new Refusal(Reason.DROP_CERT_EXTENSION);
  return names;
}
