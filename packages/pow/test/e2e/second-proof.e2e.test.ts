import { Gate, type GateFeature, type GateShape, openObject } from '@cryptbpf/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frame } from '../support/packets.js';
import { CLIENT, Lab, PORT, SERVER } from './lab.js';

/*
 * Another proof on the same gate, at the other hook: the proof is the challenge with all bits inverted. It takes
 * an object (bpf/test/counter_gate.bpf.c) and this description; all else is the gate's.
 */
const COUNTER: GateFeature = {
  name: 'counter',
  open: () => openObject<GateShape>(new URL('../../../../build/bpf/counter_gate.bpf.o', import.meta.url)),
  program: 'counter_gate',
  hook: { kind: 'tc' },
  magic: 0x434f554e,
};

let lab: Lab;
const gates: Gate[] = [];
beforeEach(async () => {
  lab = await Lab.create();
});
afterEach(() => {
  for (const gate of gates.splice(0)) gate.close();
  lab[Symbol.dispose]();
});

function attach({ pin = true } = {}): Gate {
  const options = { interface: 's0', ports: [PORT], pinPath: lab.pinPath, pin };
  const gate = lab.server.run(() => new Gate(COUNTER, options));
  gates.push(gate);
  return gate;
}

/** A clsact filter, before 6.6, is found only from within its namespace. */
const detach = (gate: Gate) => lab.server.run(() => gate.detach());

const invert = (bytes: Uint8Array) => bytes.map((byte) => ~byte & 0xff);

/** Sends a message from the client's socket as a frame, and returns the payload of the answer. */
function ask(payload: Uint8Array): Uint8Array | undefined {
  using socket = lab.client.openSocket('c0');
  const ip = { source: CLIENT.ipv4, destination: SERVER.ipv4 };
  const question = frame({ ip, udp: { sourcePort: 4000, destinationPort: 22305 }, payload });
  question.set(lab.server.macOf('s0'), 0);
  question.set(lab.client.macOf('c0'), 6);
  socket.send(question);
  return socket.receive(2000, (received) => received.length === question.length)?.subarray(42);
}

function message(type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, COUNTER.magic);
  bytes.set([1, type], 4);
  return bytes;
}

describe('a second proof, at TC', () => {
  it('admits over the network', () => {
    const gate = attach();
    expect(lab.connect()).toBe('timeout');
    const challenge = ask(message(1, 64))!.subarray(16, 48);
    const proof = message(3, 80);
    proof.set(challenge, 16);
    proof.set(challenge, 48);
    expect(ask(proof)![6]).toBe(97);
    proof.set(invert(challenge), 48);
    expect(ask(proof)!.subarray(4, 8)).toEqual(Uint8Array.of(1, 4, 0, 0));
    expect(gate.admitted()).toMatchObject([{ source: CLIENT.ipv4 }]);
    expect(lab.connect()).toBe('open');
    detach(gate);
    expect(lab.connect(SERVER.ipv6)).toBe('open');
  });

  it('admits through the controller', () => {
    const gate = attach();
    const challenge = gate.challengeFor(CLIENT.ipv6);
    expect(gate.admitProof(CLIENT.ipv6, challenge, challenge)).toMatchObject({ reason: 'DROP_PROOF' });
    expect(gate.admitProof(CLIENT.ipv6, challenge, invert(challenge))).toMatchObject({ admitted: true });
    expect(gate.admitted()).toMatchObject([{ source: 'fd98::/64' }]);
    detach(gate);
  });

  it('is taken over with its filter replaced in place, also when it was pinned later', () => {
    const gate = attach({ pin: false });
    lab.server.run(() => gate.pin());
    const [{ kind } = { kind: 'none' }] = gate.attachments;
    expect(['tcx', 'clsact']).toContain(kind);
    const challenge = gate.challengeFor(CLIENT.ipv4);
    gate.admitProof(CLIENT.ipv4, challenge, invert(challenge));
    gate.close();
    expect(lab.connect(SERVER.ipv6)).toBe('timeout');
    const next = attach();
    expect(next.attachments).toEqual([{ interface: 's0', kind }]);
    expect(lab.connect()).toBe('open');
    detach(next);
    expect(lab.connect(SERVER.ipv6)).toBe('open');
  });
});
