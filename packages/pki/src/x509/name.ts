import { Reason } from '../pki.gen.js';
import { Der, type Element, Refusal, Tag } from './der.js';

const ATTRIBUTES_MAX = 32;

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '550403': 'CN',
  '550405': 'serialNumber',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '55040a': 'O',
  '55040b': 'OU',
};

/** A distinguished name that was read; it is compared by its contents. */
export interface Name {
  /** Contents of its SEQUENCE. */
  readonly bytes: Uint8Array;
  /** For people: "CN=…, O=…". */
  readonly text: string;
}

/** Throws Refusal for what is no name. It may be empty. */
export function readName(der: Der): Name {
  const element = der.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT);
  const sets = der.enter(element);
  const parts: string[] = [];
  let set = new Der(der.bytes, 0, 0);
  while (sets.hasMore || set.hasMore) {
    if (parts.length === ATTRIBUTES_MAX) throw new Refusal(Reason.DROP_CERT_NAME);
    if (!set.hasMore) set = sets.enter(sets.take(Tag.SET, Reason.DROP_CERT_NAME));
    parts.push(readAttribute(set));
  }
  return { bytes: der.contents(element), text: parts.join(', ') };
}

function readAttribute(set: Der): string {
  const attribute = set.enter(set.take(Tag.SEQUENCE, Reason.DROP_CERT_NAME));
  const type = attribute.take(Tag.OID, Reason.DROP_CERT_NAME);
  if (type.start === type.stop || !attribute.hasMore) throw new Refusal(Reason.DROP_CERT_NAME);
  const value: Element = attribute.next();
  attribute.finish(Reason.DROP_CERT_NAME);
  const id = Buffer.from(attribute.contents(type)).toString('hex');
  return `${SHORT_NAMES[id] ?? `#${id}`}=${attribute.text(value)}`;
}
