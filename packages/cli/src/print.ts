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
