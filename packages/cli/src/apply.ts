import type { Standing } from '@cryptbpf/core';
import { attach, type FeatureEntry } from './features.js';
import { type FeatureFlags, resolveOptions } from './options.js';
import type { Controller } from './run.js';
import { standingOf } from './standing.js';

/**
 * Takes over what stands with these options, lets `change` do more if there is more, and lets go of it. A controller
 * that runs meanwhile keeps what it was started with. Throws ERR_NOT_FOUND where nothing stands.
 */
export async function apply<Own extends Controller>(
  feature: FeatureEntry<Own>,
  flags: FeatureFlags,
  change: (controller: Own) => unknown = () => {},
): Promise<Standing> {
  const standing = await standingOf(feature.name, flags);
  const interfaces = standing.interfaces.flatMap(({ name }) => name ?? []);
  const { options, locate } = resolveOptions(feature, { interface: interfaces, ...flags });
  const controller = await attach(feature, { ...options, name: standing.name, pin: true }).catch((error) => {
    throw locate(error);
  });
  try {
    await change(controller);
    await controller.tablesBuilt?.();
  } finally {
    await controller.close();
  }
  return standing;
}
