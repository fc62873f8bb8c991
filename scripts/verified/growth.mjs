/* Compilers of the same version differ by some instructions, verifiers of other kernels by much more. */
const FACTOR = 1.25;
const FACTOR_OF_OTHER_KERNELS = 4;
const ALLOWANCE = 500;

/**
 * What is wrong with the counts, beside those that were recorded, on the same kernel or on another one: sentences. Objects
 * that this kernel cannot load have no programs, and are left out.
 */
export function growth(objects, recorded, { sameKernel = true } = {}) {
  const factor = sameKernel ? FACTOR : FACTOR_OF_OTHER_KERNELS;
  const unable = objects.filter(({ programs }) => programs.length === 0).map(({ object }) => `${object}/`);
  const current = new Map(
    objects.flatMap(({ object, programs }) =>
      programs.map(({ program, verified }) => [`${object}/${program}`, verified]),
    ),
  );
  const missing = [...current.keys()].filter((name) => !recorded.has(name));
  const gone = [...recorded.keys()].filter(
    (name) => !current.has(name) && !unable.some((object) => name.startsWith(object)),
  );
  const grown = [...current].filter(([name, count]) => count > recorded.get(name) * factor + ALLOWANCE);
  return [
    ...missing.map((name) => `${name}: its count is not recorded`),
    ...gone.map((name) => `${name}: recorded, but there is no such program`),
    ...grown.map(
      ([name, count]) => `${name}: ${count} instructions verified, ${recorded.get(name)} are recorded`,
    ),
  ];
}
