import { execFileSync } from 'node:child_process';
import { BpfError } from '@cryptbpf/core';

/** Runs iproute2's ip. Returns what it printed. Throws ERR_NOT_FOUND without it, ERR_EXISTS, ERR_SYSCALL. */
export function ip(...args: string[]): string {
  return run(args, '');
}

/** Runs many commands of ip, one a line, by one process. Throws as ip() does, for the first that fails. */
export function ipBatch(lines: readonly string[], ...options: string[]): void {
  if (lines.length > 0) run([...options, '-batch', '-'], `${lines.join('\n')}\n`);
}

function run(args: readonly string[], input: string): string {
  try {
    return execFileSync('ip', args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') throw new BpfError('ERR_NOT_FOUND', 'there is no ip: install iproute2', { cause });
    const said = (stderr ?? '').trim();
    const kind = said.includes('File exists') ? 'ERR_EXISTS' : 'ERR_SYSCALL';
    throw new BpfError(kind, `ip ${args.join(' ')}: ${said}`, { cause });
  }
}

/** Its name cannot be changed. */
export const LOOPBACK = 'lo';

/** The Ethernet interfaces of this network namespace. */
export function ethernetInterfaces(): string[] {
  const links = JSON.parse(ip('-json', 'link', 'show')) as { ifname: string; link_type: string }[];
  return links.filter(({ link_type }) => link_type === 'ether').map(({ ifname }) => ifname);
}
