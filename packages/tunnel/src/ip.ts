import { execFileSync } from 'node:child_process';
import { BpfError } from '@cryptbpf/core';

/** Runs iproute2's ip. Returns what it printed. Throws ERR_NOT_FOUND without it, ERR_EXISTS, ERR_SYSCALL. */
export function ip(...args: string[]): string {
  try {
    return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') throw new BpfError('ERR_NOT_FOUND', 'there is no ip: install iproute2', { cause });
    const said = (stderr ?? '').trim();
    const kind = said.includes('File exists') ? 'ERR_EXISTS' : 'ERR_SYSCALL';
    throw new BpfError(kind, `ip ${args.join(' ')}: ${said}`, { cause });
  }
}

/** The Ethernet interfaces of this network namespace. */
export function ethernetInterfaces(): string[] {
  const links = JSON.parse(ip('-json', 'link', 'show')) as { ifname: string; link_type: string }[];
  return links.filter(({ link_type }) => link_type === 'ether').map(({ ifname }) => ifname);
}
