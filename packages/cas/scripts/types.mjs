// For CommonJS, types have to say that they mean the ES module of multiformats: it has no other, and tsup does not know how to.
import { readFileSync, writeFileSync } from 'node:fs';

const CID = `import('multiformats/cid', { with: { 'resolution-mode': 'import' } }).CID`;
const DECLARED = `declare const CID: typeof ${CID};\ndeclare type CID = ${CID};\n`;

for (const name of ['client', 'index']) {
  const path = new URL(`../dist/${name}.d.cts`, import.meta.url);
  const text = readFileSync(path, 'utf8')
    .replace("import { CID } from 'multiformats/cid';\n", DECLARED)
    .replace("export { CID } from 'multiformats/cid';\n", 'export { CID };\n');
  if (text.includes("from 'multiformats"))
    throw new Error(`${name}.d.cts imports more of multiformats than is known`);
  writeFileSync(path, text);
}
