import { BpfError } from './errors.js';
import { Reader } from './reader.js';

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
const MAGIC = 0x464c457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINE_BPF = 247;

const SECTION_SYMBOLS = 2;
export const SECTION_NO_BITS = 8;
export const FLAG_EXECUTABLE = 4;
export const SYMBOL_OBJECT = 1;
export const SYMBOL_FUNCTION = 2;
export const BIND_LOCAL = 0;

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** In bytes. A .bss has a size and no data. */
  readonly size: number;
  /** A view of the object, not a copy. */
  readonly data: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  /** Undefined for a symbol of no section: undefined or absolute. */
  readonly section: ElfSection | undefined;
  /** Offset in its section. */
  readonly value: number;
  readonly size: number;
}

export interface Elf {
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
}

interface Header extends Omit<ElfSection, 'name' | 'data'> {
  readonly nameOffset: number;
  readonly offset: number;
  readonly link: number;
}

/** Reads the sections and symbols of a 64-bit little-endian BPF object. Throws ERR_BAD_OBJECT. */
export function readElf(bytes: Uint8Array): Elf {
  const file = new Reader(bytes, 'object');
  checkHeader(file);
  const headers = readHeaders(file);
  const names = stringsOf(file, headers[file.u16(62)]);
  const sections = headers.map((header) => readSection(file, header, names));
  const index = headers.findIndex((header) => header.type === SECTION_SYMBOLS);
  const symbols = index < 0 ? [] : readSymbols(file, headers, headers[index]!, sections);
  return { sections, symbols };
}

function checkHeader(file: Reader): void {
  if (file.bytes.length < HEADER_SIZE || file.u32(0) !== MAGIC) {
    throw bad('is no ELF file: give the .bpf.o that clang -target bpf made');
  }
  if (file.u8(4) !== CLASS_64 || file.u8(5) !== LITTLE_ENDIAN) {
    throw bad('is not 64-bit little-endian: compile with -target bpfel');
  }
  const machine = file.u16(18);
  if (machine !== MACHINE_BPF) throw bad(`is for ELF machine ${machine}, not for BPF (${MACHINE_BPF})`);
}

function readHeaders(file: Reader): Header[] {
  const start = file.u64(40);
  const count = file.u16(60);
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * SECTION_SIZE;
    return {
      nameOffset: file.u32(at),
      type: file.u32(at + 4),
      flags: file.u64(at + 8),
      offset: file.u64(at + 24),
      size: file.u64(at + 32),
      link: file.u32(at + 40),
    };
  });
}

function stringsOf(file: Reader, header: Header | undefined): Reader {
  if (!header) throw bad('names a string table that it does not have');
  return new Reader(dataOf(file, header), 'string table');
}

function readSection(file: Reader, header: Header, names: Reader): ElfSection {
  const { type, flags, size, nameOffset } = header;
  if (!Number.isSafeInteger(size)) throw bad(`has a section of ${size} bytes`);
  return { name: names.string(nameOffset), type, flags, size, data: dataOf(file, header) };
}

function dataOf(file: Reader, header: Header): Uint8Array {
  const empty = header.type === SECTION_NO_BITS || header.type === 0;
  return empty ? new Uint8Array() : file.slice(header.offset, header.size);
}

function readSymbols(
  file: Reader,
  headers: readonly Header[],
  header: Header,
  sections: readonly ElfSection[],
): ElfSymbol[] {
  const table = new Reader(dataOf(file, header), 'symbol table');
  const names = stringsOf(file, headers[header.link]);
  return Array.from({ length: Math.floor(header.size / SYMBOL_SIZE) }, (_, i) => {
    const at = i * SYMBOL_SIZE;
    const info = table.u8(at + 4);
    const index = table.u16(at + 6);
    return {
      name: names.string(table.u32(at)),
      type: info & 15,
      binding: info >> 4,
      section: index === 0 ? undefined : sections[index],
      value: table.u64(at + 8),
      size: table.u64(at + 16),
    };
  });
}

function bad(what: string): BpfError {
  return new BpfError('ERR_BAD_OBJECT', `object ${what}`);
}
