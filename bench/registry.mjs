/**
 * What can be measured, by package. `load` brings the function that measures: it gets {progress, budgetMs} and
 * returns rows (see lib/rows.mjs). `needs`: packages whose rows belong to its picture. `plots`: files that --plot writes
 * beside the bars of all rows; `draw` brings a function that gets {progress} and returns SVG.
 */
export const PACKAGES = {
  core: { needs: [], load: async () => (await import('./core.mjs')).benchCore },
  pow: { needs: ['core'], load: async () => (await import('./pow.mjs')).benchPow },
  'signed-auth': { needs: [], load: async () => (await import('./signed-auth.mjs')).benchSignedAuth },
  zkp: { needs: [], load: async () => (await import('./zkp.mjs')).benchZkp },
  logger: { needs: [], load: async () => (await import('./logger.mjs')).benchLogger },
  tunnel: { needs: [], load: async () => (await import('./tunnel.mjs')).benchTunnel },
  cas: { needs: [], load: async () => (await import('./cas.mjs')).benchCas },
  offload: {
    needs: [],
    load: async () => (await import('./offload.mjs')).benchOffload,
    plots: ['mixed', 'mixed-loss', 'mixed-slow', 'bursty'].map((name) => ({
      file: `offload/plots/${name}.svg`,
      draw: async () => async () => (await import('./offload/regret.mjs')).plot(name),
    })),
  },
  pki: { needs: [], load: async () => (await import('./pki.mjs')).benchPki },
  primitives: {
    needs: [],
    load: async () => (await import('./primitives.mjs')).benchPrimitives,
    plots: [
      {
        file: 'p256-tables.svg',
        draw: async () => (await import('./primitives/p256-tables.mjs')).plotTables,
      },
    ],
  },
};

/** The packages asked for, or all, with what they need, each once. Throws for a name that is none. */
export function select(names) {
  const selected = new Set();
  const add = (name) => {
    if (!PACKAGES[name])
      throw new Error(`no package "${name}": there are ${Object.keys(PACKAGES).join(', ')}`);
    for (const needed of PACKAGES[name].needs) add(needed);
    selected.add(name);
  };
  for (const name of names.length > 0 ? names : Object.keys(PACKAGES)) add(name);
  return [...selected];
}
