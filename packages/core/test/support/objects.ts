/** The object built from bpf/test/<name>.bpf.c or bpf/<name>.bpf.c. */
export function objectUrl(name: string): URL {
  return new URL(`../../../../build/bpf/${name}.bpf.o`, import.meta.url);
}
