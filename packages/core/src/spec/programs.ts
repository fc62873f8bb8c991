import { BIND_LOCAL, type Elf, type ElfSymbol, FLAG_EXECUTABLE, SYMBOL_FUNCTION } from '../elf.js';
import { programTypeOf } from '../kinds.js';
import type { ProgramSpec } from '../spec.js';

/** The global functions of every executable section but .text, which has the functions that programs call. */
export function readPrograms(elf: Elf): Map<string, ProgramSpec> {
  const programs = elf.symbols.filter(isProgram).map(readProgram);
  return new Map(programs.map((program) => [program.name, program]));
}

function isProgram(symbol: ElfSymbol): boolean {
  const { section, type, binding } = symbol;
  if (!section || type !== SYMBOL_FUNCTION || binding === BIND_LOCAL) return false;
  return (section.flags & FLAG_EXECUTABLE) !== 0 && section.name !== '.text';
}

function readProgram(symbol: ElfSymbol): ProgramSpec {
  const name = symbol.section!.name;
  const autoload = !name.startsWith('?');
  const section = autoload ? name : name.slice(1);
  return { name: symbol.name, section, type: programTypeOf(section), autoload };
}
