/** What the facts of a machine mean for a cluster or a node on it. Pure. */
import { type Finding, ok, problem, warning } from './finding.ts';
import type { MachineFacts } from './machine-facts.ts';

type Check = (facts: MachineFacts) => Finding;

const nodeMajorMin = 24;
const kernelMin = [5, 4] as const;
const controllersWanted = ['cpu', 'memory', 'pids'];
const freeShareMin = 0.1;
/** Source: kubelet's and containerd's watches take several instances for each pod. */
const inotifyInstancesMin = 512;
const nameServersMax = 3;
const containerdMajorMin = 1;
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
const majorOf = (version: string): number => Number(version.split('.')[0]);

export const isLinux = ({ platform }: MachineFacts): boolean => platform === 'linux';

const node: Check = ({ nodeVersion }) =>
  majorOf(nodeVersion) >= nodeMajorMin
    ? ok('node', `Node ${nodeVersion} runs the command.`)
    : problem('node', `Node ${nodeVersion} is too old.`, `Install Node ${nodeMajorMin} or newer.`);

const disk: Check = ({ disk: { freeBytes, totalBytes, path } }) =>
  freeBytes >= totalBytes * freeShareMin
    ? ok('disk', `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} are free at ${path}.`)
    : warning(
        'disk',
        `Only ${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} are free at ${path}.`,
        'Nodes evict pods and remove images when a disk is nearly full: free some.',
      );

const dns: Check = ({ nameServers }) => {
  if (nameServers.length === 0)
    return problem('dns', '/etc/resolv.conf names no server.', 'Pods and pulls of images need one: add a line "nameserver ADDRESS".');
  if (nameServers.length > nameServersMax)
    return warning(
      'dns',
      `/etc/resolv.conf names ${nameServers.length} servers, and pods use the first ${nameServersMax}.`,
      'Remove those that are not needed.',
    );
  return ok('dns', `Names are asked of ${nameServers.join(', ')}.`);
};

const system: Check = ({ platform, architecture }) => {
  if (platform !== 'linux')
    return warning('system', `This is ${platform}: nodes are simulated here.`, 'Real containers need Linux, a virtual machine perhaps.');
  return architecture === 'x64' || architecture === 'arm64'
    ? ok('system', `Linux on ${architecture}.`)
    : problem('system', `There are no programs of ours for ${architecture}.`, 'Use a machine with an amd64 or arm64 processor.');
};

const kernel: Check = ({ kernel: release }) => {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const isNew = major > kernelMin[0] || (major === kernelMin[0] && minor >= kernelMin[1]);
  return isNew
    ? ok('kernel', `Linux ${release}.`)
    : warning('kernel', `Linux ${release} is older than any that nodes are tested on.`, `Use a kernel of ${kernelMin.join('.')} or newer.`);
};

const root: Check = ({ isRoot }) =>
  isRoot
    ? ok('rights', 'The command runs as root.')
    : warning('rights', 'This user is not root: nodes are simulated.', 'As root, real containers run: sudo hibernetes up.');

const programs: Check = ({ missing }) =>
  missing === undefined
    ? ok('programs', 'containerd, runc, nft, conntrack, ip and the CNI plugins are installed.')
    : problem('programs', `${missing.why}.`, missing.cure);

const cgroups: Check = ({ cgroups: found }) => {
  if (found === undefined)
    return problem('cgroups', 'No cgroups are mounted.', 'In a container: start it with --privileged. Else mount /sys/fs/cgroup.');
  const missing = controllersWanted.filter((name) => !found.controllers.includes(name));
  return missing.length === 0
    ? ok('cgroups', `Version ${found.version} with ${controllersWanted.join(', ')}.`)
    : problem(
        'cgroups',
        `The kernel counts no ${missing.join(', ')} in cgroups.`,
        `Start the kernel with ${missing.map((name) => `cgroup_enable=${name}`).join(' ')}.`,
      );
};

const features: Check = ({ kernelFeatures: { overlay, bridgeFilter, nftables } }) => {
  if (!overlay) return problem('modules', 'The kernel has no overlay file system, on which images are mounted.', 'modprobe overlay');
  if (!bridgeFilter)
    return problem(
      'modules',
      'The kernel does not filter packets of bridges, so that Services do not answer pods beside them.',
      'modprobe br_netfilter',
    );
  if (!nftables) return problem('modules', 'nft has no access to the kernel’s tables.', 'modprobe nf_tables, as root');
  return ok('modules', 'overlay, br_netfilter and nf_tables are there.');
};

const runtime: Check = ({ containerd, containerdSocket }) => {
  if (containerd === undefined)
    return problem('runtime', `No containerd answers at ${containerdSocket}.`, 'systemctl enable --now containerd');
  return majorOf(containerd.replace(/^v/, '')) >= containerdMajorMin
    ? ok('runtime', `containerd ${containerd} answers.`)
    : problem('runtime', `containerd ${containerd} is too old.`, 'Install containerd 1.6 or newer.');
};

const swap: Check = ({ swapBytes }) =>
  swapBytes === 0
    ? ok('swap', 'There is none.')
    : warning(
        'swap',
        `${gigabytes(swapBytes)} of swap are on: limits of memory are less strict than their values.`,
        'swapoff -a, and its line removed from /etc/fstab, turns it off.',
      );

const inotify: Check = ({ inotifyInstances }) =>
  inotifyInstances === undefined || inotifyInstances >= inotifyInstancesMin
    ? ok('inotify', `${inotifyInstances ?? 'Any number of'} watches of files may be open for each user.`)
    : warning(
        'inotify',
        `Only ${inotifyInstances} watches of files may be open for each user.`,
        `sysctl -w fs.inotify.max_user_instances=${inotifyInstancesMin}`,
      );

const firewall: Check = ({ firewalls }) =>
  firewalls.length === 0
    ? ok('firewall', 'No program that owns the packet filter is active.')
    : warning(
        'firewall',
        `${firewalls.join(' and ')} may drop packets between pods.`,
        'Let it forward between nodes and pods, or turn it off: systemctl disable --now.',
      );

const taken =
  (owner: string, isExpected: boolean) =>
  ({ ports }: MachineFacts): readonly Finding[] =>
    ports.map(({ port, isTaken }) => {
      if (isTaken === isExpected) return ok('ports', isTaken ? `Port ${port} is open: ${owner} answers.` : `Port ${port} is free.`);
      return isTaken
        ? problem('ports', `Another program listens on port ${port}, which ${owner} needs.`, `ss -ltnp sport = :${port} names it.`)
        : problem('ports', `Nothing answers on port ${port}, where ${owner} should.`, 'It has ended: see hibernetes status.');
    });

const everywhere: readonly Check[] = [system, node, disk, dns];
const withContainers: readonly Check[] = [kernel, root, programs, cgroups, features, swap, inotify, firewall];

/** A machine on which `up` would make or has made a cluster. */
export const laptopFindings = (facts: MachineFacts, isRunning: boolean): readonly Finding[] => [
  ...everywhere.map((check) => check(facts)),
  ...(isLinux(facts) ? withContainers.map((check) => check(facts)) : []),
  ...taken('the API', isRunning)(facts),
];

/** A machine that is a node, or is to become one. */
export const nodeFindings = (facts: MachineFacts, isNode: boolean): readonly Finding[] => [
  ...everywhere.map((check) => check(facts)),
  ...(isLinux(facts) ? [...withContainers, runtime].map((check) => check(facts)) : []),
  ...(facts.hasSystemd
    ? []
    : [warning('service', 'systemd does not run here.', 'join --foreground runs the agent as long as the command.')]),
  ...taken('the agent', isNode)(facts),
];
