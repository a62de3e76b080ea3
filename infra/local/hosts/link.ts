/** Namespaces, links and addresses, made only when they are not there yet: every step may be repeated. */
import { existsSync, readFileSync } from 'node:fs';
import { CommandFailed, runCommand, type Run } from '../../../agent/network/run.ts';
import { netnsPath } from './host.ts';

const mtuMax = 1500;

/** What fits through the machine's way out also fits through the fabric, so that nothing depends on ICMP coming back. */
export async function fabricMtu(): Promise<number> {
  const [, uplink] = /^default .*?dev (\S+)/m.exec(await runCommand(['ip', '-4', 'route', 'show', 'default'])) ?? [];
  return uplink === undefined ? mtuMax : Math.min(mtuMax, Number(readFileSync(`/sys/class/net/${uplink}/mtu`, 'utf8')));
}

/** True when the command worked, false when the program exited with an error. */
export async function succeeds(command: readonly string[], run: Run = runCommand): Promise<boolean> {
  try {
    await run(command);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

export async function ensureNetns(name: string): Promise<void> {
  if (existsSync(netnsPath(name))) {
    if (await succeeds(['nsenter', `--net=${netnsPath(name)}`, '--', 'true'])) return;
    // After a reboot the name may be left as an empty file, with no namespace behind it.
    await runCommand(['ip', 'netns', 'delete', name]);
  }
  await runCommand(['ip', 'netns', 'add', name]);
}

export async function removeNetns(name: string): Promise<void> {
  if (existsSync(netnsPath(name))) await runCommand(['ip', 'netns', 'delete', name]);
}

/** Sets what `sysctl -w` takes, through the kernel's own files so that no program is needed in the namespace. */
export async function setSysctls(run: Run, settings: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  await run(['sysctl', '-q', '-w', ...lines]);
}

export const linkExists = (run: Run, link: string): Promise<boolean> => succeeds(['ip', 'link', 'show', 'dev', link], run);

interface Cable {
  readonly link: string;
  /** Where the other end is, and what it is called there. */
  readonly peerNetns: string;
  readonly peer: string;
  readonly mtu: number;
}

/** A pair of virtual Ethernet ends, one where `run` runs. */
export async function ensureCable(run: Run, { link, peerNetns, peer, mtu }: Cable): Promise<void> {
  if (!(await linkExists(run, link))) {
    await run([
      'ip',
      'link',
      'add',
      link,
      'mtu',
      String(mtu),
      'type',
      'veth',
      'peer',
      'name',
      peer,
      'mtu',
      String(mtu),
      'netns',
      peerNetns,
    ]);
  }
  await run(['ip', 'link', 'set', link, 'up']);
}

export const ensureAddress = (run: Run, link: string, address: string): Promise<string> =>
  run(['ip', 'addr', 'replace', address, 'dev', link]);
