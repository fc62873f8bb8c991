// One end of a tunnel as a process of its own, in a namespace: takes commands as lines of JSON, prints answers so.
import { createInterface } from 'node:readline';
import { Tunnel } from '../../dist/index.js';

const plain = (_, value) => (typeof value === 'bigint' ? Number(value) : value);
const say = (answer) => console.log(JSON.stringify(answer, plain));

const options = JSON.parse(process.argv[2]);
const tunnel = await (options.localIp ? Tunnel.inline(options) : Tunnel.up(options)).catch(
  ({ code, message }) => {
    say({ error: `${code}: ${message}` });
    process.exit(1);
  },
);

const commands = {
  stats: () => tunnel.stats(),
  addPeer: async (peer) => {
    await tunnel.addPeer(peer);
    return {};
  },
  down: async () => {
    await tunnel.down();
    return {};
  },
};

say({ listenPort: tunnel.listenPort, publicKey: tunnel.publicKey });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = JSON.parse(line);
  say(await commands[command](argument));
  if (command === 'down') process.exit();
}
