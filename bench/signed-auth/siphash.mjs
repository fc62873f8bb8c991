import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';

/* The client's own SipHash, which the package does not export: node:crypto has none. */

const SOURCE = new URL('../../packages/core/src/gate-client/siphash.ts', import.meta.url);

const { code } = transformSync(readFileSync(SOURCE, 'utf8'), { loader: 'ts', format: 'esm' });
export const { SipHash128 } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
