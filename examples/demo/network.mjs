/* Who is where: two cables that end in the server. */

export const PORT = 8080;

export const CABLES = {
  client: {
    server: { mac: '02:00:00:00:01:01', address: '10.66.1.1' },
    peer: { mac: '02:00:00:00:01:02', address: '10.66.1.2' },
  },
  flooder: {
    server: { mac: '02:00:00:00:02:01', address: '10.66.2.1' },
    peer: { mac: '02:00:00:00:02:02', address: '10.66.2.2' },
  },
};

/** What the flood's forged addresses are drawn from: bpf/test/flood.bpf.c has it too. */
export const FORGED = '198.18.0.0/15';

/** A BPF object that was built for tests. */
export function testObject(name) {
  return new URL(`../../build/bpf/${name}.bpf.o`, import.meta.url);
}
