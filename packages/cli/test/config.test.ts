import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { Config } from '../src/config.js';
import { Exit, Failure } from '../src/failure.js';
import { entryOf } from '../src/features.js';
import { addFeatureOptions, resolveOptions } from '../src/options.js';
import { jsonSchema, SHAPES } from '../src/shapes/features.js';

const folder = mkdtempSync(join(tmpdir(), 'cryptbpf-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string, name = 'some.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const read = (feature: string, text: string) => Config.read(file(text), SHAPES[feature]!).options;

function failureOf(feature: string, text: string): string {
  try {
    read(feature, text);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).exit).toBe(Exit.USAGE);
    return (error as Error).message.replace(`${folder}/some.yaml:`, '');
  }
  throw new Error('nothing was wrong');
}

describe('what is wrong is located by line and key', () => {
  test.each([
    ['an unknown option', 'pow', 'ports: [443]\ncolour: red\n', '2:1: option colour is not known'],
    [
      'one further inside',
      'pow',
      'ports: [443]\nsynRate: { perSecond: 1, burst: 1, per: s }\n',
      '2:36: option synRate.per is not known',
    ],
    [
      'a number that is too large',
      'pow',
      'ports: [443]\ncontrolPort: 99999\n',
      '2:14: option controlPort is 99999, expected an integer from 1 to 65535',
    ],
    [
      'text for a number',
      'pow',
      'ports: [443]\nepoch: "1h"\n',
      '2:8: option epoch is "1h", expected a number from 1 to 31536000',
    ],
    ['a number for truth', 'pow', 'monitor: 1\n', '1:10: option monitor is 1, expected true or false'],
    [
      'a protocol',
      'pow',
      'ports: [{ port: 1, protocol: sctp }]\n',
      '1:30: option ports[0].protocol is "sctp", expected "tcp" or "udp"',
    ],
    [
      'one of a list',
      'pow',
      'ports:\n  - 443\n  - 0\n',
      '3:5: option ports[1] is 0, expected an integer from 1 to 65535',
    ],
    [
      'no list',
      'pow',
      'allow: 10.0.0.0/8\n',
      '1:8: option allow is "10.0.0.0/8", expected a list, each of text',
    ],
    ['what is missing in an object', 'pow', 'lifetime: { min: 3 }\n', '1:11: option lifetime has no max'],
    ['what is missing at all', 'signed-auth', 'audience: shop\n', '1:1: option keys is missing'],
    [
      'a file that is not there',
      'signed-auth',
      'audience: a\nkeys:\n  - id: 1\n    key: { file: gone.pem }\n',
      '4:18: option keys[0].key.file cannot be read: ENOENT',
    ],
    [
      'a kind of proof',
      'zkp',
      'audience: a\nproof:\n  kind: magic\n',
      '3:9: option proof.kind is "magic", expected "hash" or "schnorr" or "ring"',
    ],
    [
      'a secret, which is not told',
      'offload',
      'clients:\n  - { id: 1, secret: c2hvcnQ= }\n',
      '2:22: option clients[0].secret is not what is expected: 32 bytes in base64',
    ],
    [
      'a time',
      'signed-auth',
      `audience: a\nkeys: [{ id: 1, key: "-----BEGIN ", expires: soon }]\n`,
      '2:46: option keys[0].expires is "soon"',
    ],
    ['no YAML', 'pow', 'ports: [443\nepoch: 1\n', '2:'],
    ['no options', 'pow', '- 443\n', '1:1: expected options by their names'],
    ['JSON', 'pow', '{\n  "ports": [443],\n  "service": -1\n}\n', '3:14: option service is -1'],
  ])('%s', (_, feature, text, message) => {
    expect(failureOf(feature, text)).toContain(message);
  });
});

test('keys and secrets come in base64 or from files beside the configuration', () => {
  const secret = Buffer.alloc(32, 7);
  file(`${secret.toString('base64')}\n`, 'secret.key');
  const options = read(
    'offload',
    `ports: [1]\nclients: [{ id: 1, secret: { file: secret.key } }]\nkeys: { 3: { use: hmac, secret: ${secret.toString('base64')} } }\n`,
  );
  expect(options).toEqual({
    ports: [1],
    clients: [{ id: 1, secret: new Uint8Array(secret) }],
    keys: { 3: { use: 'hmac', secret: new Uint8Array(secret) } },
  });
});

test('the error of a package is located, too', () => {
  const config = Config.read(file('difficulty:\n  min: 20\n  max: 16\n'), SHAPES.pow!);
  const error = Object.assign(new Error('option difficulty.max is 16'), { code: 'ERR_BAD_OPTION' });
  expect(config.locate(error)).toMatchObject({
    message: `${folder}/some.yaml:3:8: option difficulty.max is 16`,
  });
});

test('settings of offload have the names of the demonstration', () => {
  const options = (...args: string[]) => {
    const command = addFeatureOptions(new Command(), entryOf('crypto-offload')).parse(args, { from: 'user' });
    const config = file('ports: [1]\npolicy: bpf\n');
    return resolveOptions(entryOf('offload'), { ...command.opts(), interface: ['lo'], config }).options;
  };
  expect(options()).toEqual({ interface: ['lo'], ports: [1], policy: 'bpf' });
  const bounds = ['--small-threshold', '256', '--large-threshold', '1024', '--no-prefer-bpf-for-hash'];
  expect(options('--no-adaptive-mode', '--hw-available', ...bounds)).toEqual({
    interface: ['lo'],
    ports: [1],
    adaptiveMode: false,
    hwAvailable: true,
    hardware: 'cpu',
    smallThreshold: 256,
    largeThreshold: 1024,
    preferBpfForHash: false,
  });
  expect(options('--no-hw-available')).toMatchObject({ hwAvailable: false, policy: 'bpf' });
});

test('what the command line lacks is said', () => {
  const resolve = (flags: object) => () => resolveOptions(entryOf('pow'), flags);
  expect(resolve({ ports: [443] })).toThrow('no interface: name one with --interface');
  expect(resolve({ config: '/nowhere.yaml' })).toThrow('cannot read /nowhere.yaml: ENOENT');
});

test('what must be there is said without a file', () => {
  expect(() => Config.read(undefined, SHAPES.zkp!)).toThrow(
    'option audience is missing: give it in a file, with --config',
  );
  expect(Config.read(undefined, SHAPES.pow!).options).toEqual({});
});

test('the JSON schema has each feature, and refuses what the reader refuses', () => {
  const { $defs } = jsonSchema() as {
    $defs: Record<string, { properties: object; additionalProperties: boolean }>;
  };
  expect(Object.keys($defs)).toEqual(Object.keys(SHAPES));
  for (const schema of Object.values($defs)) expect(schema.additionalProperties).toBe(false);
  expect($defs.pow!.properties).toMatchObject({
    controlPort: { type: 'integer', minimum: 1, maximum: 65_535 },
  });
});
