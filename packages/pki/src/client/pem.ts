import { PkiError } from './errors.js';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\sA-Za-z0-9+/=]*)-----END \1-----/g;

/** The bytes of each block with that label, in their order. */
export function pemBlocks(text: string, label: string): Uint8Array[] {
  return [...text.matchAll(BLOCK)].filter(([, found]) => found === label).map(([, , body]) => decode(body!));
}

function decode(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64.replace(/\s/g, '')), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new PkiError('ERR_PKI_CHAIN', 'the PEM is not valid base64', { cause });
  }
}
