import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fencesOf } from './support/page.js';
import { Project } from './support/project.js';
import { type Registry, startRegistry } from './support/registry.js';

/* docs/getting-started.md as it is written: in an empty folder, with the packed packages. */

const fences = fencesOf('docs/getting-started.md');
/** Processes, names of network namespaces and pins of its own, which go with it. */
const OWN = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
const SETTING = `
set -eu -o pipefail
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
mount -t bpf bpf /sys/fs/bpf
`;

let registry: Registry;
let project: Project;
beforeAll(async () => {
  registry = await startRegistry();
  project = new Project(registry.url);
}, 300_000);
afterAll(async () => {
  project[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

/** Its output, and what it ended with. */
async function runScript(script: string): Promise<{ output: string; code: number | null }> {
  const child = spawn('unshare', [...OWN, 'bash', '-c', SETTING + script], { cwd: project.directory });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { output, code };
}

it('works as it is written', { timeout: 300_000 }, async () => {
  for (const { file, text } of fences) if (file) project.write(file, text);
  const script = fences.filter(({ language }) => language === 'sh').map(({ text }) => text);
  expect(script.length).toBeGreaterThanOrEqual(8);
  const { output, code } = await runScript(script.join('\n'));
  expect({ code, output }).toMatchObject({ code: 0 });
  const promised = fences
    .filter(({ language }) => language === 'text')
    .flatMap(({ text }) => text.trim().split('\n'));
  expect(promised.length).toBeGreaterThanOrEqual(9);
  const lines = output.split('\n');
  let from = 0;
  for (const line of promised) {
    const pattern = new RegExp(
      `^${line
        .split('…')
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
    );
    const at = lines.findIndex((said, i) => i >= from && pattern.test(said));
    expect([line, at >= 0, at < 0 ? output : '']).toEqual([line, true, '']);
    from = at + 1;
  }
  expect(output).not.toContain('99.9');
});
