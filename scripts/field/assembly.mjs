/*
 * Straight-line BPF assembly, wrapped into a global C function: what a compiler does not manage within ten
 * registers and 512 bytes of stack. The text is inline assembly, so that libbpf and the verifier see a plain
 * function with types.
 */

const WORD = 8;
const REGISTERS = 10;

/**
 * A field element in memory: limb i is the 64-bit word at base + offset + 8 * i, below 2^bits in magnitude. It is
 * signed after a subtraction without carries.
 */
export class Element {
  signed = false;

  constructor(base, offset, bits) {
    this.base = base;
    this.offset = offset;
    this.bits = bits;
  }

  limb(i) {
    const offset = this.offset + i * WORD;
    return `*(u64 *)(${this.base} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)})`;
  }
}

/** The body of one function. Its parameters keep the highest registers, the rest is free. */
export class Assembly {
  #lines = [];
  #parameters;
  #stack = 0;
  #scratch;

  /** Parameters as C declares them, such as "struct p256_element *to". */
  constructor(parameters) {
    this.#parameters = parameters;
  }

  /** How many registers the body may use: r0 up to below this. */
  get registers() {
    return REGISTERS - this.#parameters.length;
  }

  /** The element that is the nth member of the struct a parameter points to, if all its members are elements. */
  member(field, parameter, n = 0) {
    return new Element(`%[${parameter}]`, n * field.limbs * WORD, field.radix);
  }

  /** Room on the stack. The compiler uses none of it: nothing but the assembly is in the function. */
  local(field, words = field.limbs) {
    this.#stack += words * WORD;
    return new Element('r10', -this.#stack, field.radix);
  }

  /** What products need besides their operands. */
  scratch(field) {
    this.#scratch ??= { carry: this.local(field, 1), factors: this.local(field) };
    return this.#scratch;
  }

  emit(line) {
    this.#lines.push(line);
  }

  load(register, element, i) {
    this.emit(`${register} = ${element.limb(i)}`);
  }

  store(element, i, register) {
    this.emit(`${element.limb(i)} = ${register}`);
  }

  /** register *= factor, which is a whole number above 0. */
  scale(register, factor) {
    const shift = Math.log2(factor);
    if (factor === 1) return;
    if (factor === 2) this.emit(`${register} += ${register}`);
    else this.emit(Number.isInteger(shift) ? `${register} <<= ${shift}` : `${register} *= ${factor}`);
  }

  /** into += sign * register */
  accumulate(into, register, sign) {
    this.emit(`${into} ${sign > 0 ? '+' : '-'}= ${register}`);
  }

  /** The function in C. It returns 0, or 1 for a NULL pointer. */
  toFunction(name, comment) {
    const names = this.#parameters.map((parameter) => parameter.split('*')[1]);
    const clobbered = Array.from({ length: this.registers }, (_, i) => `"r${i}"`);
    return [
      `/* ${comment} */`,
      `NO_INLINE int ${name}(${this.#parameters.join(', ')})`,
      '{',
      `\tif (${names.map((parameter) => `!${parameter}`).join(' || ')})`,
      '\t\treturn 1;',
      '\tasm volatile(',
      ...this.#lines.map((line) => `\t\t"${line};"`),
      `\t\t: : ${names.map((parameter) => `[${parameter}] "r"(${parameter})`).join(', ')}`,
      `\t\t: ${clobbered.join(', ')}, "memory");`,
      '\treturn 0;',
      '}',
      '',
    ].join('\n');
  }
}
