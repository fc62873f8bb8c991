import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Document, isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { apply } from './apply.js';
import { Config, textOf } from './config.js';
import { codeOf, Exit, Failure } from './failure.js';
import type { FeatureEntry } from './features.js';
import type { FeatureFlags } from './options.js';
import { SHAPES } from './shapes/features.js';

export interface EditFlags extends FeatureFlags {
  config: string;
  json?: boolean;
}

/**
 * Changes a configuration, comments and all else as they are, and what stands with it: the file is the truth, so what
 * a command adds is there after the next start as well. What cannot be applied is not written. Returns whether
 * anything stood.
 */
export async function edit(
  feature: FeatureEntry,
  flags: EditFlags,
  change: (document: Document) => void,
): Promise<boolean> {
  const document = parseDocument(textOf(flags.config));
  change(document);
  const path = join(dirname(flags.config), `.${basename(flags.config)}.new`);
  const { mode } = statSync(flags.config);
  writeFileSync(path, document.toString({ lineWidth: 0 }), { mode, flag: 'wx' });
  try {
    Config.read(path, SHAPES[feature.name]!);
    const stood = await applied(feature, { ...flags, config: path });
    renameSync(path, flags.config);
    return stood;
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

async function applied(feature: FeatureEntry, flags: EditFlags): Promise<boolean> {
  try {
    await apply(feature, flags);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ERR_NOT_FOUND' && /is pinned below/.test((error as Error).message)) return false;
    throw error;
  }
}

/** The list there; throws Failure where there is none. */
export function listAt(document: Document, keys: readonly string[]): YAMLSeq {
  const found = document.getIn(keys);
  if (isSeq(found)) return found;
  if (found !== undefined) throw new Failure(Exit.USAGE, `option ${keys.join('.')} is no list`);
  document.setIn(keys, document.createNode([]));
  return document.getIn(keys) as YAMLSeq;
}

/** Where in a list of objects is the one with that id. Throws Failure. */
export function indexOfId(list: YAMLSeq, id: number): number {
  const index = list.items.findIndex((item) => isMap(item) && item.get('id') === id);
  if (index >= 0) return index;
  throw new Failure(Exit.FAILED, `there is no key with id ${id} in the configuration`);
}

/** A file's name, as the configuration finds it. */
export const fileFrom = (config: string, path: string) => ({
  file: relative(dirname(config), resolve(path)),
});
