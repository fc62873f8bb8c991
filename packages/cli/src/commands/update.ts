import type { Command } from 'commander';
import { apply } from '../apply.js';
import { FEATURES } from '../features.js';
import { addFeatureOptions, type FeatureFlags } from '../options.js';
import { printJson } from '../print.js';

/** `cryptbpf update FEATURE`: the options of attaching, for what stands already. */
export function addUpdateCommand(program: Command): void {
  const update = program
    .command('update')
    .description(
      'Change what stands to other options: settings, keys, lists. Those that are not named are the defaults.',
    );
  for (const feature of FEATURES) {
    const command = update.command(feature.name).summary(feature.about);
    if (feature.alias) command.alias(feature.alias);
    addFeatureOptions(command, feature)
      .option('--json', 'print JSON')
      .action(async (flags: FeatureFlags & { json?: boolean }) => {
        const standing = await apply(feature, flags);
        if (flags.json) printJson({ ...standing, state: 'updated' });
        else console.log(`${feature.name} ${standing.name} has its new options`);
      });
  }
}
