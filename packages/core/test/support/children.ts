import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

export interface ChildOptions {
  args?: readonly string[];
  env?: Record<string, string>;
  /** Options of Node. */
  node?: readonly string[];
  /** A command before it, such as setpriv with its options. */
  under?: readonly string[];
}

/** The command that runs test/children/<name>.ts. */
function commandOf(name: string, { args = [], node = [], under = [] }: ChildOptions): string[] {
  const bundle = process.env.CRYPTBPF_KERNEL_BUNDLE;
  const file = bundle ? `${root}${bundle}/packages/core/test/children/${name}.mjs` : build(name);
  return [...under, process.execPath, ...node, file, ...args];
}

/** To one file: as deep as the sources, for URLs in it. */
function build(name: string): string {
  const outfile = `${root}build/core/test/children/${name}-${process.pid}.mjs`;
  buildSync({
    absWorkingDir: root,
    entryPoints: [`packages/core/test/children/${name}.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['koffi'],
    outfile,
  });
  return outfile;
}

/** Runs it to its end. Returns what it printed as JSON on its last line; throws with its errors when it failed. */
export function runChild<T>(name: string, options: ChildOptions = {}): T {
  const [command, ...args] = commandOf(name, options);
  const env = { ...process.env, ...options.env };
  const { status, signal, stdout, stderr } = spawnSync(command!, args, { env, encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`child ${name} ended with ${status ?? signal}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

/** Starts it. Resolves when it has printed its first line. */
export async function startChild(name: string, options: ChildOptions = {}): Promise<ChildProcess> {
  const [command, ...args] = commandOf(name, options);
  const child = spawn(command!, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`child ${name} ended with ${code}`)));
  });
  return child;
}
