/*
 * Sums of products with one Montgomery reduction (docs/p256.md derives it). A field is
 *   limbs, radix   an element is limbs signed words of radix bits each; R = 2^(limbs * radix)
 *   modulus        odd
 *   sparse         pairs [exponent, sign] whose powers of two make modulus + 1, where these are few and the modulus
 *                  is -1 modulo 2^radix: then the factor of a reduction step is the low limb itself, and adding
 *                  a multiple of the modulus is a few shifts. Without it: a dense modulus.
 */

/**
 * into = (sum of times * a * b) / R + sum of times * addend, modulo the field's modulus.
 *
 * terms: [{ a, b, times }]; the same a and b make a square, without b it is the element itself.
 * addends: [[element, times]], limb by limb, within the last carry.
 * difference: an element that becomes itself minus the result, limb by limb without a carry.
 * into may be one of the operands.
 */
export function product(assembly, field, { terms, addends = [], into, difference }) {
  new Product(assembly, field, terms, addends, into, difference).emit();
  into.signed = false;
  if (difference) difference.signed = true;
}

class Product {
  constructor(assembly, field, terms, addends, into, difference) {
    this.assembly = assembly;
    this.field = field;
    this.terms = terms.map((term) => ({ times: 1, ...term }));
    this.addends = addends;
    this.into = into;
    this.difference = difference;
    this.window = assembly.registers - 2;
    this.columns = Array.from({ length: this.window }, (_, i) => `r${i}`);
    this.operand = `r${this.window}`;
    this.spare = `r${this.window + 1}`;
    this.scratch = assembly.scratch(field);
    this.mask = 2 ** field.radix - 1;
    checkColumns(field, this.terms, addends);
  }

  /** Columns are worked on a window at a time, as many as there are registers. */
  emit() {
    const last = 2 * this.field.limbs - 1;
    for (let first = 0; first < last; first += this.window) {
      this.first = first;
      this.end = Math.min(first + this.window, last);
      this.started = new Set();
      for (const term of this.terms) this.#multiply(term);
      this.#reduce(last);
    }
    this.#finish();
  }

  #multiply(term) {
    if (!term.b) this.#addElement(term);
    else if (term.a === term.b) this.#square(term);
    else this.#multiplyTwo(term);
  }

  #addElement({ a, times }) {
    for (let k = this.first; k < this.end; k++) {
      if (k >= this.field.limbs) this.#startAtZero(k);
      else this.#accumulate(k, times, (register) => this.assembly.load(register, a, k));
    }
  }

  #multiplyTwo({ a, b, times }) {
    for (let j = 0; j < this.field.limbs; j++) {
      const rows = this.#rows(j, this.field.limbs - 1);
      if (rows.length === 0) continue;
      this.assembly.load(this.operand, b, j);
      this.assembly.scale(this.operand, Math.abs(times));
      for (const i of rows) this.#multiplyLimb(a, i, i + j, times);
    }
  }

  /** Each pair of limbs once, twice as large. */
  #square({ a, times }) {
    for (let j = 0; j < this.field.limbs; j++) {
      const rows = this.#rows(j, j - 1);
      const onDiagonal = this.first <= 2 * j && 2 * j < this.end;
      if (rows.length === 0 && !onDiagonal) continue;
      this.assembly.load(this.operand, a, j);
      if (onDiagonal) this.#squareLimb(2 * j, times);
      if (rows.length > 0) this.assembly.scale(this.operand, 2 * Math.abs(times));
      for (const i of rows) this.#multiplyLimb(a, i, i + j, times);
    }
  }

  /** The limbs i up to most whose product with limb j falls into the window. */
  #rows(j, most) {
    const from = Math.max(0, this.first - j);
    const to = Math.min(most, this.end - 1 - j);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  }

  #multiplyLimb(a, i, column, times) {
    this.#accumulate(column, times, (register) => {
      this.assembly.load(register, a, i);
      this.assembly.emit(`${register} *= ${this.operand}`);
    });
  }

  #squareLimb(column, times) {
    this.#accumulate(column, times, (register) => {
      this.assembly.emit(`${register} = ${this.operand}`);
      this.assembly.emit(`${register} *= ${register}`);
      this.assembly.scale(register, Math.abs(times));
    });
  }

  /** The first value of a column is computed in its register. */
  #accumulate(k, sign, compute) {
    const column = this.columns[k - this.first];
    if (this.started.has(k)) {
      compute(this.spare);
      this.assembly.accumulate(column, this.spare, sign);
      return;
    }
    compute(column);
    if (sign < 0) this.assembly.emit(`${column} = -${column}`);
    this.started.add(k);
  }

  #startAtZero(k) {
    if (!this.started.has(k)) this.assembly.emit(`${this.columns[k - this.first]} = 0`);
    this.started.add(k);
  }

  /** The operand's register, which is free by now, takes the carry from column to column. */
  #reduce(last) {
    const { assembly, field, operand: carry } = this;
    if (this.first > 0) assembly.load(carry, this.scratch.carry, 0);
    for (let k = this.first; k < this.end; k++) {
      const column = this.columns[k - this.first];
      if (k >= field.limbs) this.#addAddends(column, k - field.limbs);
      this.#addFactors(column, k);
      if (k > 0) assembly.emit(`${column} += ${carry}`);
      if (k < field.limbs) this.#takeFactor(column, k);
      else this.#takeLimb(column, k - field.limbs);
    }
    if (this.end < last) assembly.store(this.scratch.carry, 0, carry);
  }

  #addAddends(register, i) {
    for (const [element, times] of this.addends) {
      this.assembly.load(this.spare, element, i);
      this.assembly.scale(this.spare, Math.abs(times));
      this.assembly.accumulate(register, this.spare, times);
    }
  }

  /** What earlier factors of the modulus add to this column. */
  #addFactors(column, k) {
    for (const { distance, sign, apply } of this.#modulusTerms()) {
      const i = k - distance;
      if (i < 0 || i >= this.field.limbs) continue;
      if (i >= this.first) this.assembly.emit(`${this.spare} = ${this.columns[i - this.first]}`);
      else this.assembly.load(this.spare, this.scratch.factors, i);
      apply(this.spare);
      this.assembly.accumulate(column, this.spare, sign);
    }
  }

  #modulusTerms() {
    const { field, assembly } = this;
    const shifted = ([exponent, sign]) => ({
      distance: Math.floor(exponent / field.radix),
      sign,
      apply: (register) => assembly.scale(register, 2 ** (exponent % field.radix)),
    });
    const multiplied = (limb, distance) => ({
      distance,
      sign: 1,
      apply: (register) => assembly.emit(`${register} *= ${limb}`),
    });
    if (field.sparse) return field.sparse.map(shifted);
    return limbsOf(field, field.modulus)
      .map(multiplied)
      .filter(({ distance }, i, all) => distance > 0 && !isZeroLimb(field, all[i].distance))
      .reverse();
  }

  /** The factor makes the column's low bits zero; what is above them is carried. */
  #takeFactor(column, k) {
    const { assembly, field, spare, operand: carry } = this;
    assembly.emit(`${carry} = ${column}`);
    if (!field.sparse) assembly.emit(`${column} *= ${negativeInverse(field)}`);
    assembly.emit(`${column} &= ${this.mask}`);
    if (!field.sparse) {
      assembly.emit(`${spare} = ${column}`);
      assembly.emit(`${spare} *= ${limbsOf(field, field.modulus)[0]}`);
      assembly.emit(`${carry} += ${spare}`);
    }
    assembly.emit(`${carry} s>>= ${field.radix}`);
    assembly.store(this.scratch.factors, k, column);
  }

  #takeLimb(column, i) {
    const { assembly, field, operand: carry } = this;
    assembly.emit(`${carry} = ${column}`);
    assembly.emit(`${column} &= ${this.mask}`);
    assembly.emit(`${carry} s>>= ${field.radix}`);
    this.#store(i, column);
  }

  /** The highest limb is what is carried at the end: it is signed. */
  #finish() {
    const top = this.field.limbs - 1;
    this.#addAddends(this.operand, top);
    this.#store(top, this.operand);
  }

  #store(i, register) {
    const { assembly, difference, spare } = this;
    assembly.store(this.into, i, register);
    if (!difference) return;
    assembly.load(spare, difference, i);
    assembly.emit(`${spare} -= ${register}`);
    assembly.store(difference, i, spare);
  }
}

/** The limbs of a number of the field. */
export function limbsOf(field, value) {
  const mask = (1n << BigInt(field.radix)) - 1n;
  return Array.from({ length: field.limbs }, (_, i) => Number((value >> BigInt(i * field.radix)) & mask));
}

function isZeroLimb(field, i) {
  return limbsOf(field, field.modulus)[i] === 0;
}

/** -1 / modulus modulo 2^radix, by Newton's iteration. */
function negativeInverse({ modulus, radix }) {
  let inverse = 1n;
  for (let bits = 1; bits < radix; bits *= 2) inverse *= 2n - modulus * inverse;
  return Number(BigInt.asUintN(radix, -inverse));
}

/** No column may leave 63 bits and a sign, whatever the operands: its lowest and highest value decide. */
function checkColumns(field, terms, addends) {
  const reduction = field.sparse
    ? field.sparse.map(([exponent, sign]) => [sign * 2 ** (field.radix + (exponent % field.radix)), 0])
    : [[field.limbs * 2 ** (2 * field.radix), 0]];
  const ranges = [
    ...terms.map(({ a, b, times }) => rangeOf(b ? field.limbs * times : times, b ? [a, b] : [a])),
    ...addends.map(([element, times]) => rangeOf(times, [element])),
    ...reduction,
  ];
  const carry = 2 ** (64 - field.radix);
  const most = carry + sumOf(ranges.map((range) => Math.max(0, ...range)));
  const least = -carry + sumOf(ranges.map((range) => Math.min(0, ...range)));
  const bits = Math.log2(Math.max(most, -least));
  if (bits >= 63) throw new RangeError(`a column modulo ${field.name} may reach 2^${bits}`);
}

/** The two ends of times * the product of such limbs. The top limb alone is signed and far smaller. */
function rangeOf(times, elements) {
  const end = elements.reduce((value, { bits }) => value * 2 ** bits, times);
  return [end, elements.some(({ signed }) => signed) ? -end : 0];
}

function sumOf(values) {
  return values.reduce((total, value) => total + value, 0);
}
