/* Compilers of the same version differ by some instructions, kernels by more: only what is far above is growth. */
const FACTOR = 1.25;
const ALLOWANCE = 500;

/** What is wrong with the counts, beside those that were recorded: sentences. */
export function growth(objects, recorded) {
  const current = new Map(
    objects.flatMap(({ object, programs }) =>
      programs.map(({ program, verified }) => [`${object}/${program}`, verified]),
    ),
  );
  const missing = [...current.keys()].filter((name) => !recorded.has(name));
  const gone = [...recorded.keys()].filter((name) => !current.has(name));
  const grown = [...current].filter(([name, count]) => count > recorded.get(name) * FACTOR + ALLOWANCE);
  return [
    ...missing.map((name) => `${name}: its count is not recorded`),
    ...gone.map((name) => `${name}: recorded, but there is no such program`),
    ...grown.map(
      ([name, count]) => `${name}: ${count} instructions verified, ${recorded.get(name)} are recorded`,
    ),
  ];
}
