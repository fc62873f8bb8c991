const STALL_MS = 20;

/**
 * How many packets are on their way: no more than fit the other end's buffer. When nothing is heard for a moment, those
 * that are out are taken for lost.
 */
export class Window {
  #size;
  #sent = 0;
  #taken = 0;
  #lost = 0;
  #heardAt = performance.now();
  #waiting;

  constructor(size) {
    this.#size = size;
    setInterval(() => this.#checkStall(), STALL_MS).unref();
  }

  get isOpen() {
    return this.#sent - this.#taken - this.#lost < this.#size;
  }

  count() {
    this.#sent++;
  }

  /** The other end has got so many, in all. */
  hear(taken) {
    this.#heardAt = performance.now();
    this.#taken = Math.max(this.#taken, taken);
    this.#wake();
  }

  /** Resolves when another packet may be sent. */
  async wait() {
    while (!this.isOpen)
      await new Promise((resolve) => {
        this.#waiting = resolve;
      });
  }

  #checkStall() {
    if (this.isOpen || performance.now() - this.#heardAt < STALL_MS) return;
    this.#lost = this.#sent - this.#taken;
    this.#wake();
  }

  #wake() {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
