import { Metrics, serveMetrics } from '@cryptbpf/core/metrics';
import { expect, test } from 'vitest';
import { solve } from '../../src/client.js';
import { Lab } from './lab.js';

/** Values by metric and labels, as they are written. */
function read(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.split(' ').at(-1))]));
}

async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(url);
  const text = await response.text();
  expect([response.status, text.slice(0, 200)]).toEqual([200, expect.stringContaining('# HELP')]);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return read(text);
}

test('a gate that stands without a controller is scraped over HTTP', async () => {
  using lab = await Lab.create();
  const gate = await lab.attach({ maxAdmissions: 4096 });
  const challenge = gate.challengeFor('192.0.2.1');
  expect(gate.admit('192.0.2.1', { challenge, ...(await solve(challenge)) }).admitted).toBe(true);
  gate.close();

  await using server = await serveMetrics({ pinPath: lab.pinPath, port: 0, measureRuns: true });
  expect(lab.connect()).toBe('timeout');
  const found = await scrape(server.url);
  /* Numbers of interfaces are a namespace's own: from outside, it has none or another one's name. */
  const [, owner] = /\{(feature="pow",name="s0",interface="[^"]+"),map="admitted"/.exec(
    [...found.keys()].join(),
  )!;
  const reason = (name: string) => `{${owner},direction="ingress",reason="${name}"}`;
  expect(found.get(`cryptbpf_packets_total${reason('DROP_NOT_ADMITTED')}`)).toBeGreaterThan(0);
  expect(found.get(`cryptbpf_bytes_total${reason('DROP_NOT_ADMITTED')}`)).toBeGreaterThan(54);
  expect(found.get(`cryptbpf_packets_total${reason('ANSWER_ADMITTED')}`)).toBe(1);
  expect(found.get(`cryptbpf_map_entries{${owner},map="admitted"}`)).toBe(1);
  expect(found.get(`cryptbpf_map_capacity{${owner},map="admitted"}`)).toBe(4096);
  expect(found.get(`cryptbpf_ring_lost_total{${owner}}`)).toBe(0);
  const chain = `{feature="xdp",name="",interface="#${lab.server.indexOf('s0')}",program="dispatcher"}`;
  expect(found.get(`cryptbpf_program_runs_total${chain}`)).toBeGreaterThan(0);
  expect(found.get(`cryptbpf_program_run_seconds_total${chain}`)).toBeGreaterThan(0);
  expect((await fetch(server.url.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);

  /* In its own namespace, by name. */
  const { registry } = server.metrics;
  const inside = read(await lab.server.run(() => registry.metrics()));
  expect(inside.get(`cryptbpf_map_capacity{feature="pow",name="s0",interface="s0",map="admitted"}`)).toBe(
    4096,
  );
});

test('a gate of this process is measured as long as it is added', async () => {
  using lab = await Lab.create();
  const gate = await lab.attach({ pin: false });
  expect(lab.connect()).toBe('timeout');
  const metrics = new Metrics({ pinPath: lab.pinPath });
  const drops = async () => {
    const found = read(await metrics.registry.metrics());
    return found.get(
      'cryptbpf_packets_total{feature="pow",name="s0",interface="s0",direction="ingress",reason="DROP_NOT_ADMITTED"}',
    );
  };
  expect(await drops()).toBeUndefined();
  const added = metrics.add(gate, { feature: 'pow', name: 's0', interface: 's0' });
  expect(await drops()).toBe(Number(gate.stats().DROP_NOT_ADMITTED.packets));
  added[Symbol.dispose]();
  expect(await drops()).toBeUndefined();
});
