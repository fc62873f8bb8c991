import { openAsBlob } from 'node:fs';
import type { Command } from 'commander';
import { Exit, Failure } from '../../failure.js';
import { wholeFrom } from '../../flags.js';
import { installed } from '../../packages.js';
import { printJson, progressLine } from '../../print.js';

interface CasFlags {
  chunk?: number;
  json?: boolean;
}

export function addCasClient(client: Command): void {
  client
    .command('cas')
    .alias('content-verifier')
    .description(
      'Send a file as packets that say what they are, and print its CID. What is lost on the way is not sent again.',
    )
    .argument('<host>', 'name or address of the receiver')
    .argument('<port>', 'its UDP port', wholeFrom)
    .argument('<file>', 'what to send')
    .option('--chunk <bytes>', 'of each packet: another size is another CID (default: 512)', wholeFrom)
    .option('--json', 'print JSON')
    .action(cas);
}

async function cas(host: string, port: number, path: string, { chunk, json }: CasFlags): Promise<void> {
  const { contentOf } = await installed('cas', () => import('@cryptbpf/cas/client'));
  const { sendContent } = await installed('cas', () => import('@cryptbpf/cas/udp'));
  const file = await openAsBlob(path).catch((cause) => {
    throw new Failure(Exit.USAGE, `cannot read ${path}`, { cause });
  });
  const content = await contentOf(file, chunk === undefined ? {} : { chunkBytes: chunk });
  const { cid, size, packetCount } = content;
  using progress = progressLine();
  await sendContent(content, {
    host,
    port,
    onSent: (sent) => progress.show(`${sent} of ${packetCount} packets`),
  });
  if (json) printJson({ cid: cid.toString(), size, packets: packetCount });
  else console.log(`${cid}`);
}
