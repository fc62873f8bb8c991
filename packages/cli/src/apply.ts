import type { Standing } from '@cryptbpf/core';
import { type FeatureEntry, load } from './features.js';
import { type FeatureFlags, resolveOptions } from './options.js';
import type { Controller } from './run.js';
import { standingOf } from './standing.js';

interface Takeover extends Controller {
  /** Of those with tables for their keys. */
  tablesBuilt?(): Promise<void>;
}

/**
 * Takes over what stands with these options, lets `change` do more if there is more, and lets go of it. A controller
 * that runs meanwhile keeps what it was started with. Throws ERR_NOT_FOUND where nothing stands.
 */
export async function apply(
  feature: FeatureEntry,
  flags: FeatureFlags,
  change: (controller: Controller) => unknown = () => {},
): Promise<Standing> {
  const standing = await standingOf(feature.name, flags);
  const interfaces = standing.interfaces.flatMap(({ name }) => name ?? []);
  const { options, locate } = resolveOptions(feature, { interface: interfaces, ...flags });
  const attach = await load(feature);
  const controller = (await attach({ ...options, name: standing.name, pin: true }).catch((error) => {
    throw locate(error);
  })) as Takeover;
  try {
    await change(controller);
    await controller.tablesBuilt?.();
  } finally {
    await controller.close();
  }
  return standing;
}
