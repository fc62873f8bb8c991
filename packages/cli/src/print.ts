/** What --json prints: bigint as a number where it is exact, as a string where not. */
export function printJson(value: unknown): void {
  const plain = (_key: string, each: unknown) =>
    typeof each === 'bigint' ? (Number.isSafeInteger(Number(each)) ? Number(each) : `${each}`) : each;
  console.log(JSON.stringify(value, plain));
}

/** Columns as wide as they need to be; the last one as it is. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Of what takes long: shown after a second, where somebody looks, and gone when it is disposed. */
export function progressLine(): Disposable & { show(text: string): void } {
  const start = performance.now();
  let isShown = false;
  const clear = () => isShown && process.stderr.write('\r\u001b[K');
  return {
    show(text) {
      if (!process.stderr.isTTY || performance.now() - start < 1000) return;
      clear();
      process.stderr.write(text);
      isShown = true;
    },
    [Symbol.dispose]: () => void clear(),
  };
}
