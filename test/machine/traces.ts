/** What a machine has of everything that a node makes, as lines to compare: before it joins, and after it has left. */
import type { Machine } from './machine.ts';

/** Directories of the system's own services, and of those that the packages bring; the name of each file in them is theirs. */
const notOurs = [
  '/var/lib/containerd',
  '/var/log/journal',
  '/var/lib/systemd',
  '/var/cache',
  '/var/lib/dpkg',
  '/var/lib/apt',
  '/var/tmp',
  '/tmp',
];

const commands: readonly string[] = [
  'nft list ruleset',
  'ip -o link | cut -d " " -f 2',
  'ip -o -4 address | cut -d " " -f 2-7',
  'ip -4 route | cut -d " " -f 1-5',
  'ip -4 rule',
  'findmnt --noheadings --raw --output TARGET,FSTYPE | grep -v /sys/fs/cgroup',
  "find /sys/fs/cgroup -type d -name '*kube*'",
  "systemctl list-unit-files --no-legend --no-pager | cut -d ' ' -f 1",
  "systemctl list-units --no-legend --no-pager --plain 'hibernetes*' 'kubepods*' 'cri-*'",
  'ctr -n k8s.io containers ls -q',
  `find / -xdev ${notOurs.map((path) => `-path ${path} -prune -o`).join(' ')} -print`,
];

export async function tracesOf(machine: Machine): Promise<readonly string[]> {
  const printed: string[] = [];
  for (const command of commands) {
    const lines = (await machine.run(`{ ${command}; } || true`)).split('\n').filter((line) => line !== '');
    printed.push(...lines.map((line) => `${command.split(' ')[0]}: ${line.trimEnd()}`));
  }
  return printed.toSorted();
}
