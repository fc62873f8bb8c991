import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What is on the path: enough to install and to run, nothing to build with. */
const COMMANDS = ['node', 'npm', 'npx', 'sh', 'ip', 'nsenter', 'setpriv'];

/** An empty folder of a machine that has Node, npm and iproute2, but no clang and no compiler. */
export class Project implements Disposable {
  readonly #home = mkdtempSync(join(tmpdir(), 'cryptbpf-project-'));
  readonly directory = join(this.#home, 'project');
  readonly #path = join(this.#home, 'path');

  /** Names of packages are asked of that registry. */
  constructor(registry: string) {
    chmodSync(this.#home, 0o755);
    mkdirSync(this.directory);
    mkdirSync(this.#path);
    for (const command of COMMANDS) symlinkSync(which(command), join(this.#path, command));
    this.write('package.json', '{ "name": "empty", "private": true }');
    const settings = {
      registry,
      'replace-registry-host': 'never',
      'prefer-offline': true,
      audit: false,
      fund: false,
      loglevel: 'error',
    };
    this.write(
      '.npmrc',
      Object.entries(settings)
        .map((pair) => pair.join('='))
        .join('\n'),
    );
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  /** What the command prints. Throws when it fails. */
  async run(command: string, ...args: string[]): Promise<string> {
    const env = { PATH: this.#path, HOME: process.env.HOME, ANCHOR: process.env.ANCHOR };
    const { stdout } = await promisify(execFile)(command, args, { cwd: this.directory, env });
    return stdout.trim();
  }

  async install(...names: string[]): Promise<void> {
    await this.run('npm', 'install', ...names);
  }

  /** Names of all packages in node_modules, without parts of packages that are for one kind of machine. */
  installed(): string[] {
    const folder = join(this.directory, 'node_modules');
    const names = readdirSync(folder).flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((own) => `${name}/${own}`) : [name],
    );
    return names.filter((name) => {
      const manifest = join(folder, name, 'package.json');
      return existsSync(manifest) && !JSON.parse(readFileSync(manifest, 'utf8')).cpu;
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}

const which = (command: string) =>
  command === 'node'
    ? process.execPath
    : execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
