import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openRecord } from '../src/cipher.js';
import { logIdOf, nextLink, readEpoch, streamChain } from '../src/epoch.js';
import { scalarPoint } from '../src/keys.js';
import { Ratchet } from '../src/ratchet.js';
import { readHeader } from '../src/wire.js';

/* The vectors of docs/protocols.md, read from there. */

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const section = specification.split('## The sealed log')[1]!.split('### Vectors')[1]!;

function vector(name: string): Buffer {
  const line = section.split('\n').find((line) => line.startsWith(`${name} `) && line.includes('= '));
  const bytes = Buffer.from(/= ([0-9a-f]+)/.exec(line!)![1]!, 'hex');
  expect(bytes.length).toBeGreaterThan(15);
  return bytes;
}

test('an epoch and a record are those of the specification, byte for byte', () => {
  const link = vector('link 1');
  expect(logIdOf(link)).toEqual(vector('log id'));
  expect(nextLink(link)).toEqual(vector('link 2'));

  const scalar = vector('recipient, private');
  const frame = vector('EPOCH');
  const epoch = readEpoch(frame, readHeader(frame, 0)!, { scalar, point: scalarPoint(scalar) })!;
  expect(epoch).toEqual({
    number: 1,
    logId: vector('log id'),
    cipher: 'chacha20-poly1305',
    recordsPerKey: 16,
    secret: vector('epoch secret'),
    link,
  });

  const chain = streamChain(epoch, 1, 0);
  expect(chain).toEqual(vector('stream chain'));
  const key = new Ratchet(chain).next();
  expect(key).toEqual(vector('message key 0'));

  const record = vector('RECORD');
  const header = readHeader(record, 0)!;
  expect(header).toMatchObject({ frame: 2, cpu: 1, level: 0, epoch: 1, sequence: 0 });
  const text = openRecord({ cipher: 'chacha20-poly1305', key }, record, 0);
  expect(text).toEqual(vector('text'));
});
