import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isMap, type YAMLSeq } from 'yaml';
import { apply } from '../apply.js';
import { type EditFlags, edit, fileFrom, indexOfId, listAt } from '../edit.js';
import { Exit, Failure } from '../failure.js';
import { entryOf, gateOf } from '../features.js';
import { wholeFrom } from '../flags.js';
import { printJson } from '../print.js';

interface KeyFlags extends EditFlags {
  id: number;
  key: string;
  newId: number;
  after: number;
  expires?: string;
}

const KEYED = ['signed-auth', 'zkp'];

/** Keys and lists of a configuration, and of what stands with it. */
export function addListCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('Keys that are trusted: in the configuration, and in what stands.');
  keyed(keys.command('add <feature>').description('Trust one more (signed-auth, zkp).'))
    .requiredOption('--id <number>', 'its number', wholeFrom)
    .requiredOption('--key <file>', 'public key as PEM; for zkp kind hash: the secret in base64')
    .option('--expires <time>', 'of signed-auth: until when, such as 2027-01-31')
    .action(addKey);
  keyed(keys.command('revoke <feature>').description('Trust one no more, from the next packet on.'))
    .requiredOption('--id <number>', 'its number', wholeFrom)
    .action(revokeKey);
  keyed(
    keys
      .command('rotate <feature>')
      .description(
        'A new key beside an old one, which ends later; without --id: a new secret for challenges.',
      ),
  )
    .option('--id <number>', 'of the old one', wholeFrom)
    .option('--new-id <number>', 'of the new one', wholeFrom)
    .option('--key <file>', 'the new public key')
    .option('--after <seconds>', 'until the old one ends', wholeFrom, 3600)
    .action(rotateKey);

  const allow = program
    .command('allow')
    .description('Content ids that pass: in the configuration, and in what stands.');
  keyed(allow.command('add <cid...>')).action((cids, flags) => change('cas', 'allow', cids, flags, add));
  keyed(allow.command('remove <cid...>')).action((cids, flags) =>
    change('cas', 'allow', cids, flags, remove),
  );

  const crl = program
    .command('crl')
    .description('Lists of revoked certificates: in the configuration, and in what stands.');
  const paths = (files: string[]) => files.map((file) => resolve(file));
  keyed(crl.command('add <file...>')).action((files, flags) =>
    change('pki', 'crls', paths(files), flags, add),
  );
  keyed(crl.command('remove <file...>')).action((files, flags) =>
    change('pki', 'crls', paths(files), flags, remove),
  );
}

function keyed(command: Command): Command {
  return command
    .requiredOption('-c, --config <file>', 'YAML or JSON, which is changed')
    .option('--name <name>', 'which one stands, if there are several')
    .option('--pin-path <directory>', 'where it is pinned, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--json', 'print JSON');
}

async function addKey(name: string, flags: KeyFlags): Promise<void> {
  const feature = keyedFeature(name);
  const stood = await edit(feature, flags, (document) => {
    const { list, field } = keysOf(document, feature.name);
    list.add(
      document.createNode({ id: flags.id, [field]: fileFrom(flags.config, flags.key), ...expiryOf(flags) }),
    );
  });
  tell(`key ${flags.id} is trusted`, stood, flags);
}

async function revokeKey(name: string, flags: KeyFlags): Promise<void> {
  const feature = keyedFeature(name);
  const stood = await edit(feature, flags, (document) => {
    const { list } = keysOf(document, feature.name);
    list.delete(indexOfId(list, flags.id));
  });
  tell(`key ${flags.id} is trusted no more`, stood, flags);
}

/** The old one ends by itself (signed-auth), or it would have to be revoked later: only what ends by itself is rotated. */
async function rotateKey(name: string, flags: KeyFlags): Promise<void> {
  if (flags.id === undefined) return rotateSecret(name, flags);
  if (flags.newId === undefined || flags.key === undefined)
    throw new Failure(Exit.USAGE, 'a key is rotated by --id OLD --new-id NEW --key FILE');
  const feature = entryOf(name);
  if (feature.name !== 'signed-auth')
    throw new Failure(
      Exit.USAGE,
      `keys of ${feature.name} do not end by themselves: keys add, and keys revoke later`,
    );
  const stood = await edit(feature, flags, (document) => {
    const { list } = keysOf(document, feature.name);
    const old = list.items[indexOfId(list, flags.id)];
    if (isMap(old)) old.set('expires', new Date(Date.now() + flags.after * 1000).toISOString());
    list.add(document.createNode({ id: flags.newId, key: fileFrom(flags.config, flags.key) }));
  });
  tell(`key ${flags.newId} is trusted, and key ${flags.id} for ${flags.after} seconds still`, stood, flags);
}

async function rotateSecret(name: string, flags: EditFlags): Promise<void> {
  await apply(gateOf(name, 'secret for challenges'), flags, (gate) => gate.rotate());
  tell('challenges have a new secret; those that are out count still', true, flags);
}

type Listed = (list: YAMLSeq, value: string) => void;

async function change(
  name: string,
  option: string,
  values: string[],
  flags: EditFlags,
  how: Listed,
): Promise<void> {
  const stood = await edit(entryOf(name), flags, (document) => {
    const list = listAt(document, [option]);
    for (const value of values) how(list, value);
  });
  tell(`${option} has changed`, stood, flags);
}

const texts = (list: YAMLSeq) => list.toJSON() as unknown[];

function add(list: YAMLSeq, value: string): void {
  if (!texts(list).includes(value)) list.add(value);
}

function remove(list: YAMLSeq, value: string): void {
  const index = texts(list).indexOf(value);
  if (index < 0) throw new Failure(Exit.FAILED, `${value} is not in the configuration`);
  list.delete(index);
}

function keyedFeature(name: string) {
  const feature = entryOf(name);
  if (KEYED.includes(feature.name)) return feature;
  throw new Failure(Exit.USAGE, `${feature.name} has no such keys: ${KEYED.join(' and ')} have`);
}

function keysOf(document: Parameters<typeof listAt>[0], feature: string): { list: YAMLSeq; field: string } {
  if (feature === 'signed-auth') return { list: listAt(document, ['keys']), field: 'key' };
  const kind = document.getIn(['proof', 'kind']);
  if (kind === 'ring')
    throw new Failure(
      Exit.USAGE,
      'groups have no keys of their own: change the file, and cryptbpf update zkp',
    );
  return { list: listAt(document, ['proof', 'keys']), field: kind === 'hash' ? 'secret' : 'key' };
}

const expiryOf = ({ expires }: KeyFlags) => (expires === undefined ? {} : { expires });

function tell(what: string, stood: boolean, { config, json }: EditFlags): void {
  if (json) printJson({ config, state: 'changed', applied: stood });
  else
    console.log(
      `${what}: ${config}${stood ? ', and what stands' : ' (nothing stands that it could be applied to)'}`,
    );
}
