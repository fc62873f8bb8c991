import { BpfError } from '../errors.js';

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** `core_key` is `CoreKey`, and so is an object in core-key.bpf.o. */
export function pascalCase(name: string): string {
  return name.split(/[_-]/).map(capitalised).join('');
}

/** Names come from an object file: none may be anything but a name in the code that we write. */
export function identifier(name: string): string {
  if (IDENTIFIER.test(name)) return name;
  throw new BpfError('ERR_UNSUPPORTED_TYPE', `${JSON.stringify(name)} is no name for generated code`);
}

export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
