import type { Standing, StandingFeature } from '@cryptbpf/core';
import type { Command } from 'commander';
import { FEATURES, OTHERS } from './features.js';
import { core } from './packages.js';

/** Of commands about what stands. */
export interface StandingFlags {
  name?: string;
  pinPath?: string;
  json?: boolean;
}

export function addStandingOptions(command: Command): Command {
  return command
    .option('--pin-path <directory>', 'where it is pinned, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--json', 'print JSON');
}

/** The package's name for a feature that is known by it, or by the original's. */
export function featureNamed(name: string): string {
  return [...FEATURES, ...OTHERS].find((entry) => entry.name === name || entry.alias === name)!.name;
}

/** Names and aliases, for those of these that are wanted. */
export function namesOf(wanted: (name: string) => boolean = () => true): string[] {
  return [...FEATURES, ...OTHERS]
    .filter(({ name }) => wanted(name))
    .flatMap(({ name, alias }) => (alias ? [name, alias] : [name]));
}

/** Throws ERR_NOT_FOUND. */
export async function standingOf(feature: string, flags: StandingFlags): Promise<Standing> {
  const { findStanding } = await core();
  return findStanding(featureNamed(feature) as StandingFeature, {
    ...pinOptions(flags),
    ...(flags.name && { name: flags.name }),
  });
}

export const pinOptions = ({ pinPath }: StandingFlags) => (pinPath === undefined ? {} : { pinPath });
