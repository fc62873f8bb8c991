import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { Exit, Failure } from '../failure.js';
import { installed } from '../packages.js';
import { printJson } from '../print.js';
import { featureNamed, namesOf } from '../standing.js';

interface KeygenFlags {
  kind: 'hash' | 'schnorr' | 'ring';
  suite: 'wireguard' | 'aes-256-gcm';
  preshared?: boolean;
  force?: boolean;
  json?: boolean;
}

/** What is made: the private half, or the secret, and the public half where there is one. */
interface Made {
  readonly secret: { readonly suffix: string; readonly text: string };
  readonly public?: { readonly suffix: string; readonly text: string };
  /** What becomes of it. */
  readonly use: string;
}

const MAKERS: Readonly<Record<string, (flags: KeygenFlags, name: string) => Made | Promise<Made>>> = {
  pow: (_, name) => secret(`shared by a fleet of gates: secret: { id: 0, key: { file: ${name}.key } }`),
  'signed-auth': (_, name) =>
    pair(`the gate has the public half: keys: [{ id: 1, key: { file: ${name}.pub.pem } }]`),
  zkp: ({ kind }, name) =>
    kind === 'hash'
      ? secret(`gate and client have it: keys: [{ id: 1, secret: { file: ${name}.key } }]`)
      : pair(`the gate has the public half: { file: ${name}.pub.pem }`),
  pki: (_, name) =>
    pair(`have your CA certify it: openssl req -new -key ${name}.pem -subj /CN=${name} -out ${name}.csr`),
  offload: (_, name) =>
    secret(`service and client have it: clients: [{ id: 1, secret: { file: ${name}.key } }]`),
  logger: (_, name) =>
    pair(`hosts that log have the public half: --recipient ${name}.pub.pem; keep ${name}.pem off them`),
  tunnel,
};

export function addKeygenCommand(program: Command): void {
  program
    .command('keygen')
    .description(
      'Make a key: the private half goes to a file that its owner alone reads, the public half is printed.',
    )
    .addArgument(new Argument('<feature>', 'what for').choices(namesOf((name) => name in MAKERS)))
    .argument('<name>', 'what the files begin with')
    .option('--kind <kind>', 'of zkp: hash, schnorr or ring', 'schnorr')
    .option('--suite <suite>', 'of tunnel: wireguard or aes-256-gcm', 'wireguard')
    .option('--preshared', 'of tunnel: a preshared key')
    .option('--force', 'write over what is there')
    .option('--json', 'print JSON')
    .action(keygen);
}

async function keygen(given: string, name: string, flags: KeygenFlags): Promise<void> {
  const feature = featureNamed(given);
  const made = await MAKERS[feature]!(flags, name);
  const files = [`${name}${made.secret.suffix}`, ...(made.public ? [`${name}${made.public.suffix}`] : [])];
  const there = files.find((file) => existsSync(file));
  if (there && !flags.force)
    throw new Failure(Exit.FAILED, `${there} is there already: --force writes over it`);
  write(files[0]!, made.secret.text, 0o600);
  if (made.public) write(files[1]!, made.public.text, 0o644);
  if (flags.json) printJson({ feature, files, ...(made.public && { public: made.public.text.trim() }) });
  else tell(files, made);
}

function tell(files: readonly string[], made: Made): void {
  console.error(`wrote ${files.join(' and ')}; ${made.use}`);
  if (made.public) console.log(made.public.text.trim());
}

function secret(use: string): Made {
  return { secret: { suffix: '.key', text: `${randomBytes(32).toString('base64')}\n` }, use };
}

/** P-256. */
function pair(use: string): Made {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    secret: { suffix: '.pem', text: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
    public: { suffix: '.pub.pem', text: publicKey.export({ type: 'spki', format: 'pem' }) as string },
    use,
  };
}

async function tunnel({ suite, preshared }: KeygenFlags): Promise<Made> {
  const keys = await installed('tunnel', () => import('@cryptbpf/tunnel'));
  if (preshared) {
    const text = `${keys.generatePresharedKey()}\n`;
    return {
      secret: { suffix: '.psk', text },
      use: 'both sides have it, as PresharedKey of the other as a peer',
    };
  }
  const own = keys.generatePrivateKey(suite);
  return {
    secret: { suffix: '.key', text: `${own}\n` },
    public: { suffix: '.pub', text: `${keys.publicKeyOf(own, suite)}\n` },
    use: 'the other side has the public half, as PublicKey of this one as a peer',
  };
}

/** All of it or nothing, and what was there keeps no old rights. */
function write(path: string, text: string, mode: number): void {
  const half = `${path}.new`;
  writeFileSync(half, text, { mode, flag: 'wx' });
  renameSync(half, path);
}
