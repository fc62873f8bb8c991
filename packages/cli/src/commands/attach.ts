import type { Command } from 'commander';
import { attach, FEATURES, type FeatureEntry } from '../features.js';
import { addFeatureOptions, type FeatureFlags, resolveOptions } from '../options.js';
import { runUntilStopped } from '../run.js';

interface AttachFlags extends FeatureFlags {
  json?: boolean;
  metrics?: string;
}

export function addAttachCommands(program: Command): void {
  for (const feature of FEATURES) addAttachCommand(program, feature);
}

function addAttachCommand(program: Command, feature: FeatureEntry): void {
  const command = program
    .command(feature.name)
    .summary(feature.about)
    .description(
      `Attach ${feature.about} (@cryptbpf/${feature.name}, ${feature.hook}, Linux ${feature.since}). It stays until this command ` +
        'ends; with --pin until "cryptbpf detach", whether or not a controller runs.',
    );
  if (feature.alias) command.alias(feature.alias);
  addFeatureOptions(command, feature)
    .option('--pin', 'it outlives this command')
    .option('--metrics <place>', 'serve metrics for Prometheus at [address:]port, such as :9464')
    .option('--json', 'one line of JSON when it is up, and one with its counters when it ends')
    .action((flags: AttachFlags) => attachUntilStopped(feature, flags));
}

async function attachUntilStopped(feature: FeatureEntry, flags: AttachFlags): Promise<void> {
  const { options, locate } = resolveOptions(feature, flags);
  await runUntilStopped(
    () =>
      attach(feature, { pin: false, ...options }).catch((error) => {
        throw locate(error);
      }),
    () => ({
      feature: feature.name,
      on: { interfaces: [options.interface].flat() },
      stands: options.pin === true,
      json: flags.json,
      metrics: flags.metrics,
      pinPath: options.pinPath as string | undefined,
    }),
  );
}
