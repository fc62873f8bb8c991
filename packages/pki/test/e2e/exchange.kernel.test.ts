import { expect, test } from 'vitest';
import { CLIENT, Lab } from './lab.js';

test('a chain that openssl issued opens a port, which was closed before and is after its revocation', async () => {
  using lab = await Lab.create();
  const root = lab.ssl.root();
  const intermediate = lab.ssl.intermediate(root);
  const gate = await lab.attach({ anchors: [root.certificate], names: ['dns:.clients.example'] });
  expect(lab.connect()).toBe('timeout');
  const answer = lab.present(lab.ssl.leaf(intermediate), [intermediate]);
  expect(answer).toMatchObject({ source: CLIENT.ipv4, lifetime: 3600 });
  expect(lab.connect()).toBe('open');
  gate.revoke(CLIENT.ipv4);
  expect(lab.connect()).toBe('timeout');
  lab.server.run(() => gate.detach());
});
