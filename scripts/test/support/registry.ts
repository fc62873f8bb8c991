import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { packed } from './packed.js';

/* An npm registry on this machine that has this repository's packages; other names are asked for where they are. */

const OTHERS = 'https://registry.npmjs.org';

export interface Registry extends AsyncDisposable {
  readonly url: string;
}

export async function startRegistry(): Promise<Registry> {
  const all = packed();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!);
    const tarball = all.find((one) => path === `/-/${basename(one.path)}`);
    const wanted = all.find(({ name }) => path === `/${name}`);
    if (tarball) response.end(readFileSync(tarball.path));
    else if (wanted) response.end(JSON.stringify(packument(wanted, `http://${request.headers.host}`)));
    else response.writeHead(307, { location: `${OTHERS}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function packument(
  { name, version, integrity, shasum, path, manifest }: ReturnType<typeof packed>[0],
  url: string,
) {
  const dist = { integrity, shasum, tarball: `${url}/-/${basename(path)}` };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
