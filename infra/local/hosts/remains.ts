/**
 * Ends what still runs on a host and removes its traces: containerd, the shims that outlive it, containers, mounts,
 * cgroups, sockets. Only what can be told to be this host's by its socket, its directories or its namespace.
 */
import { existsSync, globSync, readFileSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../../agent/network/run.ts';
import type { Log } from '../../../functions/world.ts';
import type { Host } from './host.ts';
import { containerdDirectory } from './containerd.ts';
import { commandLine, descendants, isAlive, kill, processes } from './process.ts';
import { succeeds } from './link.ts';

export async function removeHostRemains(host: Host, log: Log): Promise<void> {
  const images = containerdDirectory(host);
  const shims = processes().filter(({ pid }) => isShimOf(host, commandLine(pid)));
  const pids = new Set([
    // Containerd first: it would start to clean up behind the shims.
    ...processes().flatMap(({ pid }) => (isContainerdOf(host, commandLine(pid)) ? [pid] : [])),
    ...shims.flatMap(({ pid }) => [...descendants(pid), pid]),
    ...containerProcesses(host),
    ...(await namespaceProcesses(host)),
  ]);
  await end([...pids].filter((pid) => pid !== process.pid));
  for (const file of shimSockets(host)) rmSync(file, { force: true });
  const directories = [host.runDirectory, ...(images === undefined ? [] : [images])];
  for (const directory of directories) await unmountBelow(directory);
  removeCgroups(host.cgroupParent);
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  if (pids.size > 0) log.info('Ended what still ran on the host', { host: host.name, processes: pids.size });
}

const isShimOf = ({ runDirectory }: Host, words: readonly string[]): boolean =>
  basename(words[0] ?? '').startsWith('containerd-shim') && words.some((word) => word.startsWith(`${runDirectory}/`));

const isContainerdOf = ({ runDirectory }: Host, words: readonly string[]): boolean =>
  basename(words[0] ?? '') === 'containerd' && words.includes(`${runDirectory}/config.toml`);

/** What a killed shim leaves behind belongs to nobody; its cgroup still says whose it was. */
function containerProcesses({ cgroupParent }: Host): number[] {
  return cgroupRoots().flatMap((root) =>
    globSync('**/cgroup.procs', { cwd: join(root, cgroupParent) }).flatMap((file) => {
      const path = join(root, cgroupParent, file);
      return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number) : [];
    }),
  );
}

async function namespaceProcesses({ netns }: Host): Promise<number[]> {
  if (!existsSync(netns)) return [];
  const pids = await runCommand(['ip', 'netns', 'pids', basename(netns)]);
  return pids.split('\n').filter(Boolean).map(Number);
}

const endedWithinMs = 5_000;
const lookAgainMs = 20;

async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) kill(pid, 'SIGKILL');
  for (let waitedMs = 0; waitedMs < endedWithinMs; waitedMs += lookAgainMs) {
    if (!pids.some(isAlive)) return;
    await sleep(lookAgainMs);
  }
  throw new Error(`processes ${pids.filter(isAlive).join(', ')} do not end`);
}

/** Shims keep their sockets in a place that all containerds of a machine share. */
function shimSockets({ runDirectory }: Host): string[] {
  return globSync('state/io.containerd.runtime.v2.task/*/*/address', { cwd: runDirectory }).map((file) =>
    readFileSync(join(runDirectory, file), 'utf8').trim().replace('unix://', ''),
  );
}

const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));

/** Deepest first. */
async function unmountBelow(directory: string): Promise<void> {
  const below = mountPoints().filter((path) => path.startsWith(`${directory}/`));
  for (const path of below.reverse()) {
    if (!(await succeeds(['umount', path]))) await runCommand(['umount', '--lazy', path]);
  }
  // What is removed next must not be something of the machine's that shows through.
  const left = mountPoints().filter((path) => path.startsWith(`${directory}/`));
  if (left.length > 0) throw new Error(`${left.join(', ')} cannot be unmounted`);
}

/** Where the hierarchies of cgroups are mounted: several of version 1, or the one of version 2. */
function cgroupRoots(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
}

function removeCgroups(cgroupParent: string): void {
  for (const root of cgroupRoots()) removeTree(join(root, cgroupParent));
}

/** The files in a cgroup's directory go with it and cannot be removed before. */
function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) removeTree(path);
  }
  rmdirSync(directory);
}
