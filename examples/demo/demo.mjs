import { say, showOnStderr } from './screen.mjs';
import { endWithJson } from './stage.mjs';

/* npm run demo -- NAME [--json]: without a name, the first one. */

const DEMOS = ['pow', 'signed-auth', 'zkp', 'logger', 'tunnel', 'cas', 'pki', 'offload'];

const args = process.argv.slice(2).filter((arg) => arg !== '--json');
if (args.length < process.argv.length - 2) {
  showOnStderr();
  endWithJson();
}
const name = args.length === 0 || args[0].startsWith('-') ? DEMOS[0] : args.shift();

if (DEMOS.includes(name)) {
  const { main } = await import(`./${name}.mjs`);
  await main(args).catch((error) => {
    say(`the demo failed: ${error.message}`);
    process.exitCode = 1;
  });
} else {
  say(`there is no demo "${name}": there are ${DEMOS.join(', ')}`);
  process.exitCode = 1;
}
