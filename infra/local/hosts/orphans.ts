/**
 * Ends what still runs on a host and removes its traces: containerd, the shims that outlive it, containers, mounts,
 * cgroups, sockets. Only what is provably this host's by its socket, its directories or its namespace.
 */
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../../agent/network/run.ts';
import type { Log } from '../../../functions/world.ts';
import type { Host } from './host.ts';
import { cgroupProcesses, removeCgroups } from './cgroups.ts';
import { containerdDirectory } from './containerd.ts';
import { unmountBelow } from './mounts.ts';
import { commandLine, descendants, isAlive, kill, processes } from './process.ts';

export async function removeHostOrphans(host: Host, log: Log): Promise<void> {
  const images = containerdDirectory(host);
  const shims = processes().filter(({ pid }) => isShimOf(host, commandLine(pid)));
  const pids = new Set([
    // Containerd first: it would start to clean up behind the shims.
    ...processes().flatMap(({ pid }) => (isContainerdOf(host, commandLine(pid)) ? [pid] : [])),
    ...shims.flatMap(({ pid }) => [...descendants(pid), pid]),
    // Children of a killed shim have no parent that names the host; their cgroup still does.
    ...cgroupProcesses(host.cgroupParent),
    ...(await namespaceProcesses(host)),
  ]);
  await end([...pids].filter((pid) => pid !== process.pid));
  for (const file of shimSockets(host)) rmSync(file, { force: true });
  const directories = [host.runDirectory, ...(images === undefined ? [] : [images])];
  for (const directory of directories) await unmountBelow(directory);
  await removeCgroups(host.cgroupParent);
  // What containerd has on disk stays: images are worth keeping, and the next agent tidies up the rest.
  rmSync(host.runDirectory, { recursive: true, force: true });
  if (pids.size > 0) log.info('Ended what still ran on the host', { host: host.name, processes: pids.size });
}

const isShimOf = ({ runDirectory }: Host, words: readonly string[]): boolean =>
  basename(words[0] ?? '').startsWith('containerd-shim') && words.some((word) => word.startsWith(`${runDirectory}/`));

const isContainerdOf = ({ runDirectory }: Host, words: readonly string[]): boolean =>
  basename(words[0] ?? '') === 'containerd' && words.includes(`${runDirectory}/config.toml`);

async function namespaceProcesses({ netns }: Host): Promise<number[]> {
  if (!existsSync(netns)) return [];
  const pids = await runCommand(['ip', 'netns', 'pids', basename(netns)]);
  return pids.split('\n').filter(Boolean).map(Number);
}

const endedWithinMs = 5_000;
const checkAgainMs = 20;

async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) kill(pid, 'SIGKILL');
  for (let waitedMs = 0; waitedMs < endedWithinMs; waitedMs += checkAgainMs) {
    if (!pids.some(isAlive)) return;
    await sleep(checkAgainMs);
  }
  throw new Error(`processes ${pids.filter(isAlive).join(', ')} do not end`);
}

/** Shims keep their sockets in a place that all containerds of a machine share. */
function shimSockets({ runDirectory }: Host): string[] {
  return globSync('state/io.containerd.runtime.v2.task/*/*/address', { cwd: runDirectory }).map((file) =>
    readFileSync(join(runDirectory, file), 'utf8').trim().replace('unix://', ''),
  );
}
