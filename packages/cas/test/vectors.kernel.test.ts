import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Reason } from '../src/cas.gen.js';
import { cidOf, contentOf } from '../src/client.js';
import { packet } from './support/frames.js';
import { HOOKS, TestVerifier } from './support/verifier.js';
import { chunkPacket, wholePacket } from './twin/packet.js';

/* The vectors of docs/protocols.md, read from there. */

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const section = specification.split('\n## Content\n')[1]!.split('### Vectors')[1]!;

function vector(name: string): string {
  const line = section.split('\n').find((line) => line.startsWith(`${name} `) && line.includes('= '));
  return /= (\w+)/.exec(line!)![1]!;
}

const HELLO = new TextEncoder().encode('hello');
const OBJECT = Uint8Array.from({ length: 300 }, (_, i) => i);
const bytes = (name: string) => Uint8Array.from(Buffer.from(vector(name), 'hex'));

let verifier: TestVerifier;
beforeAll(() => {
  verifier = new TestVerifier();
  verifier.reset();
});
afterAll(() => verifier[Symbol.dispose]());

test('are what the sender makes, and the twin', async () => {
  expect(`${cidOf(HELLO)}`).toBe(vector('cid of hello'));
  const content = await contentOf(OBJECT, { chunkBytes: 64, packetBytes: 256 });
  expect(`${content.cid}`).toBe(vector('cid of object'));
  for await (const made of content.packets([{ first: 2, end: 3 }])) expect(made).toEqual(bytes('CHUNK 2'));
  for (const index of [2, 4])
    expect(Uint8Array.from(chunkPacket(OBJECT, 64, index))).toEqual(bytes(`CHUNK ${index}`));
  expect(Uint8Array.from(wholePacket(HELLO))).toEqual(bytes('CONTENT'));
});

test.each(HOOKS)('pass at %s', (hook) => {
  expect(verifier.judge(hook, packet(bytes('CONTENT'))).reasons).toEqual([Reason.PASS_CONTENT]);
  for (const name of ['CHUNK 2', 'CHUNK 4'])
    expect(verifier.judge(hook, packet(bytes(name))).reasons).toEqual([Reason.PASS_CHUNK]);
});
