// For CommonJS, types have to say that they mean the ES module of multiformats: it has no other, and tsup does not know how to.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const CID = `import('multiformats/cid', { with: { 'resolution-mode': 'import' } }).CID`;
const DECLARED = `declare const CID: typeof ${CID};\ndeclare type CID = ${CID};\n`;
const dist = new URL('../dist/', import.meta.url);

for (const name of readdirSync(dist).filter((name) => name.endsWith('.d.cts'))) {
  const path = new URL(name, dist);
  const text = readFileSync(path, 'utf8')
    .replace("import { CID } from 'multiformats/cid';\n", DECLARED)
    .replace("export { CID } from 'multiformats/cid';\n", `${DECLARED}export { CID };\n`)
    .replace("import 'multiformats/cid';\n", '');
  if (text.includes("from 'multiformats"))
    throw new Error(`${name} imports more of multiformats than is known`);
  writeFileSync(path, text);
}
