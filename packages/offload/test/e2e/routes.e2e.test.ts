import { expect, test } from 'vitest';
import { Random } from '../../../pow/test/support/random.js';
import {
  hmacQuestion,
  OPERATIONS,
  openQuestion,
  type Question,
  ROUTES,
  sealQuestion,
  sha256Question,
  verifyQuestion,
} from '../../src/client.js';
import { CpuEngine, parseTrace, SimulatedHardware, simulate } from '../../src/index.js';
import { engineKey } from '../../src/keys.js';
import { Performer } from '../../src/perform.js';
import { AEAD_KEY, HMAC_KEY, KEYS, signatureOf, VERIFY_KEY } from '../support/keys.js';
import { Lab } from './lab.js';

/** Requests in all; `CRYPTBPF_FUZZ=10000` is what was shown once. */
const REQUESTS = Number(process.env.CRYPTBPF_FUZZ ?? 600);
const random = new Random(21);
const judge = new Performer();
judge.setKeys(new Map(Object.entries(KEYS).map(([id, key]) => [Number(id), engineKey(Number(id), key)])));

/** Sealed by OpenSSL, sometimes changed afterwards. */
function sealed(text: Uint8Array, aad: Uint8Array): Uint8Array {
  const { operation, key, data } = sealQuestion(AEAD_KEY, text, aad);
  const bytes = judge.perform({ operation, key, data, nonce: random.bytes(12) }).result;
  if (random.below(4) === 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return bytes;
}

function question(max: number): Question {
  const data = random.bytes(random.below(max));
  const aad = random.bytes(random.below(40));
  const kinds = [
    () => sha256Question(data),
    () => hmacQuestion(HMAC_KEY, data),
    () => sealQuestion(AEAD_KEY, data, aad),
    () => openQuestion(AEAD_KEY, sealed(data, aad), aad),
    () => {
      const signature = signatureOf(data);
      if (random.below(2)) signature[random.below(64)]! ^= 1 << random.below(8);
      return verifyQuestion(VERIFY_KEY, data, signature);
    },
  ];
  return kinds[random.below(kinds.length)]!();
}

test(`${REQUESTS} random requests have the same results on all routes, through packets`, {
  timeout: 600_000,
}, async () => {
  await using lab = new Lab();
  const service = await lab.attach({ hardware: new SimulatedHardware({ latencyUs: 20 }), stallMs: 30_000 });
  const { client } = lab.connect('ipv4', 60_000);
  const questions = Array.from({ length: Math.ceil(REQUESTS / ROUTES.length) }, () => question(1200));
  const seen = new Set<string>();
  for (const policy of ROUTES) {
    service.update({ policy });
    for (let at = 0; at < questions.length; at += 16) {
      const some = questions.slice(at, at + 16);
      const answers = await Promise.allSettled(some.map((asked) => client.ask(asked)));
      answers.forEach((answer, i) => {
        const asked = some[i]!;
        const name = OPERATIONS[asked.operation]!;
        if (answer.status === 'rejected') {
          expect(answer.reason).toMatchObject({ code: 'ERR_OFFLOAD_FORGED' });
          expect(judge.perform({ ...asked, nonce: undefined }).error).toBe(6);
          return;
        }
        const { result, route } = answer.value;
        expect(route).toBe(policy);
        const nonce = name === 'aes-256-gcm-seal' ? result.slice(0, 12) : undefined;
        const expected = judge.perform({ ...asked, nonce });
        expect([name, Buffer.compare(result, expected.result)]).toEqual([name, 0]);
        if (!nonce) return;
        expect(seen.has(Buffer.from(nonce).toString('hex'))).toBe(false);
        seen.add(Buffer.from(nonce).toString('hex'));
      });
    }
  }
  expect(service.stats().userspace.wrong).toBe(0);
  expect(lab.errors).toEqual([]);
  await lab.detach(service);
});

test('requests of up to 64 KiB come and go in several packets, and what does not become whole is told', async () => {
  await using lab = new Lab();
  const service = await lab.attach({ hardware: new CpuEngine(), stallMs: 10_000 });
  const { client, socket } = lab.connect('ipv6');
  for (const policy of ['userspace', 'hardware'] as const) {
    service.update({ policy });
    for (const length of [1345, 10_000, 65_500]) {
      const text = random.bytes(length);
      const { result, route } = await client.ask(sealQuestion(AEAD_KEY, text));
      expect(route).toBe(policy);
      expect(Buffer.compare(await client.open(AEAD_KEY, result), text)).toBe(0);
      expect(Buffer.compare(await service.open(AEAD_KEY, result), text)).toBe(0);
    }
  }
  expect(service.stats().routes.userspace!.depth).toBe(0);
  /* The second packet of three is lost. */
  const send = socket.send.bind(socket) as (...args: unknown[]) => void;
  let packets = 0;
  socket.send = ((...args: unknown[]) => (packets++ === 1 ? undefined : send(...args))) as never;
  await expect(client.sha256(new Uint8Array(4000))).rejects.toMatchObject({ code: 'ERR_OFFLOAD_INCOMPLETE' });
  expect(service.stats().routes.userspace!.depth + service.stats().routes.hardware!.depth).toBe(0);
  await lab.detach(service);
});

test('the service learns which route is fastest, and says why it decided', async () => {
  await using lab = new Lab();
  const card = new SimulatedHardware({ latencyUs: 20_000 });
  const service = await lab.attach({ hardware: card, logRate: { perSecond: 1e6, burst: 10_000 } });
  const { client } = lab.connect();
  const decisions = service.decisions();
  for (let i = 0; i < 300; i++) await client.sha256(random.bytes(100));
  const { value } = await decisions.next();
  const lines = [value!];
  while (lines.length < 100) lines.push((await decisions.next()).value!);
  /* What was logged can be replayed. */
  const trace = parseTrace(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  expect(trace.requests).toHaveLength(100);
  expect(trace.requests[0]).toEqual({ atUs: 0, operation: 'sha256', bytes: 100 });
  expect(simulate(trace, 'learned').meanUs).toBeGreaterThan(0);
  expect(value).toMatchObject({ operation: 'sha256', bytes: 100, client: 7 });
  expect(Object.keys(value!.expectedNs)).toEqual([...ROUTES]);
  expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  await decisions.return(undefined);
  const learned = service
    .estimates()
    .filter(({ operation, size, load }) => operation === 'sha256' && size === 1 && load === 0);
  const of = (route: string) => learned.find((estimate) => estimate.route === route)!;
  expect(of('bpf').samples).toBeGreaterThan(250);
  expect(of('bpf').latencyNs).toBeLessThan(of('userspace').latencyNs);
  expect(of('userspace').samples).toBeGreaterThan(0);
  expect(of('hardware').latencyNs).toBeGreaterThan(15e6);
  /* The card's 20 ms are nobody's work. */
  for (const route of ROUTES) expect(of(route).costNs).toBeGreaterThan(0);
  expect(of('hardware').costNs).toBeLessThan(of('hardware').latencyNs / 4);
  expect(service.stats().routes.userspace!.cpuMs).toBeGreaterThan(0);
  await lab.detach(service);
});

test('callers in the same process get the same', async () => {
  await using lab = new Lab();
  const service = await lab.attach();
  const text = Buffer.from('text');
  const bytes = await service.seal(AEAD_KEY, text, { aad: text });
  expect(Buffer.compare(await service.open(AEAD_KEY, bytes, { aad: text }), text)).toBe(0);
  await expect(service.open(AEAD_KEY, bytes)).rejects.toMatchObject({ code: 'ERR_OFFLOAD_FORGED' });
  expect(await service.verify(VERIFY_KEY, text, signatureOf(text))).toBe(true);
  expect(await service.hmac(HMAC_KEY, text)).toEqual(await lab.connect().client.hmac(HMAC_KEY, text));
  await lab.detach(service);
  await expect(service.sha256(text)).rejects.toMatchObject({ code: 'ERR_OFFLOAD_CLOSED' });
});
