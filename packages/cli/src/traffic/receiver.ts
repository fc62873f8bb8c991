import { openObject, type XdpProgram } from '@cryptbpf/core';

/* Until it is killed, an interface has an XDP program that passes all: veth takes what XDP sends only then. */

interface PassObject {
  maps: object;
  programs: { pass: XdpProgram };
  variables: object;
}

const object = openObject<PassObject>(new URL('../build/bpf/pass.bpf.o', import.meta.url)).load();
object.programs.pass.attachXdp(process.argv[2]!);
console.log(JSON.stringify({ ready: true }));
setInterval(() => {}, 2 ** 30);
