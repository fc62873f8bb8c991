/* What a user's compiler says, of what is right and of what is not. Compiled against the packed packages, never run. */

import { cidOf } from '@cryptbpf/cas/client';
import { type ArrayMap, BpfError, openObject, type ReasonName } from '@cryptbpf/core';
import { serveMetrics } from '@cryptbpf/core/metrics';
import { type GateOptions, PowGate } from '@cryptbpf/pow';
import { solve } from '@cryptbpf/pow/client';
import { requestAccess } from '@cryptbpf/pow/udp';
import { SignedAuth } from '@cryptbpf/signed-auth';
import { Tunnel } from '@cryptbpf/tunnel';

export async function right(): Promise<void> {
  const options: GateOptions = { interface: ['eth0', 'eth1'], ports: [443, { port: 53, protocol: 'udp' }] };
  const gate = await PowGate.attach(options);
  const drops: bigint = gate.stats().DROP_NOT_ADMITTED.packets;
  for await (const { type, reason } of gate.events()) {
    const known: 'admitted' | 'limited' | 'rejected' = type;
    const name: ReasonName = reason;
    console.log(known, name, drops);
  }
  await requestAccess({ host: 'service.example' });
  const { nonce } = await solve(new Uint8Array(32));
  console.log(nonce, String(await cidOf(new Uint8Array(1))));
  await serveMetrics({ port: 0 });
  interface Shape {
    maps: { counts: ArrayMap<bigint> };
    programs: object;
    variables: { verdict: number };
  }
  const spec = openObject<Shape>(new URL('file:///x.bpf.o'));
  spec.variable('verdict').set(2);
  const count: bigint | undefined = spec.load().maps.counts.at(0);
  console.log(count);
}

export async function wrong(gate: PowGate): Promise<void> {
  // @ts-expect-error: no interface
  await PowGate.attach({ ports: [443] });
  // @ts-expect-error: a mode that is none
  await PowGate.attach({ interface: 'eth0', ports: [443], mode: 'fast' });
  // @ts-expect-error: no audience, no keys
  await SignedAuth.attach({ interface: 'eth0', ports: [443] });
  // @ts-expect-error: a suite that is none
  await Tunnel.up({ name: 'cb0', address: [], privateKey: '', peers: [], suite: 'des' });
  // @ts-expect-error: counts are bigint
  const drops: number = gate.stats().DROP_NOT_ADMITTED.packets;
  // @ts-expect-error: a reason that is none
  gate.stats().DROP_WHATEVER;
  // @ts-expect-error: a code that is none
  new BpfError('ERR_WHATEVER', 'x');
  console.log(drops);
}
