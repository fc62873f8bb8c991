import type { Command } from 'commander';
import { Exit, Failure } from '../../failure.js';
import { wholeFrom } from '../../flags.js';
import { printJson } from '../../print.js';

/* What clients of gates share: to ask once, or to stay admitted. */

export interface AccessFlags {
  port?: number;
  timeout?: number;
  keep?: boolean;
  json?: boolean;
}

interface Access {
  readonly lifetime: number;
  readonly source: string;
  readonly address: string;
}

interface Kept {
  close(): Promise<void>;
}

export interface Asking {
  ask(options: { host: string; port?: number; timeout?: number }): Promise<Access>;
  keep(options: {
    host: string;
    port?: number;
    timeout?: number;
    onRenew(access: Access): void;
    onError(error: Error): void;
  }): Promise<Kept & { access: Access }>;
}

export function addAccessOptions(command: Command): Command {
  return command
    .argument('<host>', 'name or address of the gate')
    .option('--port <number>', "the gate's control port", wholeFrom)
    .option('--timeout <seconds>', 'for everything (default: 30)', wholeFrom)
    .option('--keep', 'ask again before it ends, until Ctrl-C')
    .option('--json', 'print JSON');
}

export async function getAccess(
  host: string,
  { port, timeout, keep, json }: AccessFlags,
  asking: Asking,
): Promise<void> {
  const options = {
    host,
    ...(port !== undefined && { port }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
  };
  if (!keep) return tell(await asking.ask(options), json);
  const stop = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
  const kept = await asking.keep({
    ...options,
    onRenew: (access) => tell(access, json),
    onError: (error) => console.error(`cryptbpf: ${error.message}`),
  });
  tell(kept.access, json);
  const staying = setInterval(() => {}, 2 ** 30);
  await stop;
  clearInterval(staying);
  await kept.close();
}

function tell(access: Access, json: boolean | undefined): void {
  if (json) printJson(access);
  else console.log(`admitted as ${access.source} by ${access.address}, for ${access.lifetime} seconds`);
}

/** The 32 bytes, or so, of a file of base64: cryptbpf keygen makes them. */
export function secretFrom(text: string, path: string): Uint8Array {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length < 16 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text.trim()))
    throw new Failure(Exit.USAGE, `${path} holds no secret in base64: cryptbpf keygen makes one`);
  return new Uint8Array(bytes);
}
